// Sharing work among the threads of a pool, and memory for the time of one call.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <memory>
#include <thread>
#include <vector>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace neurona {

// The units begin, ..., end - 1 of a computation, which one thread computes. Parts are numbered from 0.
struct Part {
  long number, begin, end;

  long size() const { return end - begin; }
};

// The part of this number, where `total` units are divided into `parts` of nearly equal size. A part begins
// at a multiple of `block`.
static inline Part part_range(long number, long parts, long total, long block) {
  const long blocks = (total + block - 1) / block;
  const long begin = blocks * number / parts * block, end = blocks * (number + 1) / parts * block;
  return {number, std::min(begin, total), std::min(end, total)};
}

// How many parts to make of `work`: one for each thread, but none smaller than `worth`.
template <class Pool>
long part_count(Pool& pool, double work, double worth) {
  return static_cast<long>(std::clamp(work / worth, 1.0, std::max(1.0, 1.0 * pool.num_threads())));
}

static inline void pause() {
#if defined(__x86_64__)
  _mm_pause();
#endif
}

// Never inlined or cloned: each copy of `work` in machine code may round differently (x * y + z is one fused
// operation in one copy and two operations in the other), and the result would depend on the thread.
template <class Work>
static __attribute__((noinline, noclone)) void run_part(const Work& work, Part part) {
  work(part);
}

// The number of the part that this thread began with in its last call. It begins with the same one again,
// whose data its cache may still hold. Without this the assignment would change from step to step, because
// XLA calls kernels from different threads.
inline thread_local long preferred_part = 0;

// Divides `total` units into `parts`, as part_range does, runs work(part) for each, and returns when all are
// done. `Pool` has num_threads() and Schedule(task), like XLA's.
//
// The threads of the pool and the caller take the parts that are free. The caller takes every part that no
// thread has begun, so it waits only for parts that are running: a busy pool costs nothing, and threads that
// all wait for one another cannot lock up. What a part computes must depend on its number alone. Then the
// result does not depend on which thread takes it.
template <class Pool, class Work>
void parallel_for(Pool& pool, long parts, long total, long block, const Work& work) {
  if (parts <= 1) {
    if (parts == 1) run_part(work, part_range(0, 1, total, block));
    return;
  }
  struct Shared {
    explicit Shared(long parts) : taken(parts) {}
    std::vector<std::atomic<bool>> taken;
    std::atomic<long> done{0};
  };
  // Shared, because a task may start after this call has returned. It then finds no free part and does not
  // touch `work`.
  auto shared = std::make_shared<Shared>(parts);
  auto take_parts = [shared, parts, total, block, &work] {
    const long first = preferred_part % parts;
    bool is_first = true;
    for (long i = 0; i < parts; i++) {
      const long number = (first + i) % parts;
      if (shared->taken[number].exchange(true, std::memory_order_relaxed)) continue;
      if (is_first) preferred_part = number;
      is_first = false;
      run_part(work, part_range(number, parts, total, block));
      shared->done.fetch_add(1, std::memory_order_release);
    }
  };
  const long helpers = std::min<long>(pool.num_threads(), parts) - 1;
  for (long i = 0; i < helpers; i++)
    pool.Schedule(decltype(take_parts)(take_parts));  // a copy: XLA's pool must own its task
  take_parts();
  for (long tries = 0; shared->done.load(std::memory_order_acquire) < parts; tries++) {
    if (tries < 2000) {
      pause();
    } else {
      std::this_thread::yield();  // the last part may wait for this core, which another process has taken
    }
  }
}

template <class Pool, class Work>
void parallel_for(Pool& pool, long parts, long total, const Work& work) {
  parallel_for(pool, parts, total, 1, work);
}

// Uninitialized floats, aligned to a cache line, until the end of the scope. The thread keeps the memory for
// its next call.
class Workspace {
 public:
  explicit Workspace(long floats) {
    Kept& kept = kept_();
    if (kept.in_use || kept.size < floats) {
      own_ = allocate(floats);
      if (!kept.in_use) {
        std::free(kept.memory);
        kept.memory = own_;
        kept.size = floats;
      }
    }
    data_ = own_ ? own_ : kept.memory;
    keeps_ = data_ == kept.memory;
    if (keeps_) kept.in_use = true;
  }
  ~Workspace() {
    if (keeps_) {
      kept_().in_use = false;
    } else {
      std::free(own_);
    }
  }
  Workspace(const Workspace&) = delete;
  Workspace& operator=(const Workspace&) = delete;
  float* data() const { return data_; }

 private:
  struct Kept {
    float* memory = nullptr;
    long size = 0;
    bool in_use = false;
    ~Kept() { std::free(memory); }
  };
  static Kept& kept_() {
    static thread_local Kept kept;
    return kept;
  }
  static float* allocate(long floats) {
    std::size_t bytes = (static_cast<std::size_t>(floats) * sizeof(float) + 127) / 64 * 64;
    return static_cast<float*>(std::aligned_alloc(64, bytes));
  }
  float* own_ = nullptr;
  float* data_ = nullptr;
  bool keeps_ = false;
};

}  // namespace neurona
