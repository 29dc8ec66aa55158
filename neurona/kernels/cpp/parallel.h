// Sharing work between the threads of a pool, and memory for the time of one call.
#pragma once

#include <atomic>
#include <cstdlib>
#include <memory>
#include <thread>
#include <vector>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace neurona {

static inline void pause() {
#if defined(__x86_64__)
  _mm_pause();
#endif
}

// Not inlined: two copies of `work` in machine code may round differently, as the compiler makes one fused operation of x * y + z in one and
// two in the other; then the result would depend on the thread that takes the part.
template <class Work>
static __attribute__((noinline, noclone)) void run_part(const Work& work, long part) {
  work(part);
}

// The part that this thread took first the last time. Taking the same one again, it finds in its cache what it worked on before; XLA lets
// now one thread and now another call the kernels, so that the order in which they come would change from step to step.
inline thread_local long preferred_part = 0;

// Runs work(0), ..., work(parts - 1) and returns when all are done. `Pool` has num_threads() and Schedule(task), as XLA's has.
//
// Threads of the pool and the caller take the parts that are free; the caller takes whatever no one else has begun, so that it waits only
// for work in progress: pools whose threads all wait for one another can't lock up, and a pool that is busy costs nothing. What a part
// computes must depend on its number alone; then the result is the same whoever takes it.
template <class Pool, class Work>
void parallel_for(Pool& pool, long parts, const Work& work) {
  if (parts <= 1) {
    if (parts == 1) run_part(work, 0L);
    return;
  }
  struct Shared {
    explicit Shared(long parts) : taken(parts) {}
    std::vector<std::atomic<bool>> taken;
    std::atomic<long> done{0};
  };
  auto shared = std::make_shared<Shared>(parts);  // outlives the call: a late task finds nothing left and does not touch `work`
  auto take = [shared, parts, &work] {
    const long first = preferred_part % parts;
    bool is_first = true;
    for (long i = 0; i < parts; i++) {
      const long part = (first + i) % parts;
      if (shared->taken[part].exchange(true, std::memory_order_relaxed)) continue;
      if (is_first) preferred_part = part;
      is_first = false;
      run_part(work, part);
      shared->done.fetch_add(1, std::memory_order_release);
    }
  };
  long helpers = pool.num_threads() - 1 < parts - 1 ? pool.num_threads() - 1 : parts - 1;
  for (long i = 0; i < helpers; i++) pool.Schedule(decltype(take)(take));  // a copy, which XLA's pool must own
  take();
  for (long tries = 0; shared->done.load(std::memory_order_acquire) < parts; tries++) {
    if (tries < 2000) {
      pause();
    } else {
      std::this_thread::yield();  // another process may need the core that the last part waits for
    }
  }
}

// How many parts to make of `size` units of work, where fewer than `least` are not worth a thread.
template <class Pool>
long parts_of(Pool& pool, double size, double least) {
  long threads = pool.num_threads();
  if (threads < 1) threads = 1;
  double worth = size / least;
  return worth < 1 ? 1 : worth < threads ? static_cast<long>(worth) : threads;
}

// The first unit of a part, of `total` units in blocks of `block`: part i runs from first_of(i) to first_of(i + 1).
static inline long first_of(long part, long parts, long total, long block) {
  long blocks = (total + block - 1) / block, first = blocks * part / parts * block;
  return first < total ? first : total;
}

// Floats, aligned to a cache line, uninitialized, freed at the end of the block. Kept by the thread for the next call.
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
