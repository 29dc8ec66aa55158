// What the tests share: a pool of threads, with the two functions of XLA's pool that the kernels use, and
// comparisons.
#pragma once

#include <cmath>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <functional>
#include <initializer_list>
#include <mutex>
#include <random>
#include <thread>
#include <vector>

class Pool {
 public:
  explicit Pool(int threads) {
    for (int i = 0; i < threads; i++) workers_.emplace_back([this] { run(); });
  }
  ~Pool() {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      closing_ = true;
    }
    ready_.notify_all();
    for (auto& worker : workers_) worker.join();
  }
  long num_threads() const { return static_cast<long>(workers_.size()); }
  template <class Task>
  void Schedule(Task&& task) {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      tasks_.emplace_back(std::forward<Task>(task));
    }
    ready_.notify_one();
  }

 private:
  void run() {
    for (;;) {
      std::unique_lock<std::mutex> lock(mutex_);
      ready_.wait(lock, [this] { return closing_ || !tasks_.empty(); });
      if (tasks_.empty()) return;
      auto task = std::move(tasks_.front());
      tasks_.pop_front();
      lock.unlock();
      task();
    }
  }
  std::vector<std::thread> workers_;
  std::deque<std::function<void()>> tasks_;
  std::mutex mutex_;
  std::condition_variable ready_;
  bool closing_ = false;
};

// The values to try: all of them, or the last alone under the thread sanitizer, which takes ten times as long
// and looks for races, not for edges.
template <class Value>
std::vector<Value> values(std::initializer_list<Value> all) {
#if defined(__SANITIZE_THREAD__)
  return {*(all.end() - 1)};
#else
  return all;
#endif
}

using Floats = std::vector<float>;
using Doubles = std::vector<double>;

inline Floats random_floats(long count, unsigned seed) {
  std::mt19937 generator(seed);
  std::normal_distribution<float> normal;
  Floats values(count);
  for (auto& value : values) value = normal(generator);
  return values;
}

[[noreturn]] inline void fail(const char* what) {
  std::printf("%s\n", what);
  std::exit(1);
}

// Ends the program unless both agree to `tolerance` times the largest expected value, or 1: a sum of many may
// cancel to little.
inline void expect_close(const char* what, const Floats& found, const Doubles& expected,
                         double tolerance = 2e-6) {
  double largest = 1;
  for (double value : expected) largest = std::max(largest, std::fabs(value));
  for (std::size_t i = 0; i < expected.size(); i++) {
    if (std::fabs(found[i] - expected[i]) <= tolerance * largest) continue;
    std::printf("%s[%zu]: found %g, expected %g\n", what, i, found[i], expected[i]);
    std::exit(1);
  }
}

inline void expect_same_bits(const char* what, const Floats& first, const Floats& second) {
  if (first.size() == second.size() &&
      std::memcmp(first.data(), second.data(), first.size() * sizeof(float)) == 0)
    return;
  std::printf("%s: two runs with the same number of threads differ\n", what);
  std::exit(1);
}
