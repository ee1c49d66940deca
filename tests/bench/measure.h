// What the benchmarks have in common: times, and how they are told.
#ifndef PUREBPF_TESTS_BENCH_MEASURE_H_
#define PUREBPF_TESTS_BENCH_MEASURE_H_

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <utility>
#include <vector>

namespace purebpf::bench {

using Clock = std::chrono::steady_clock;

// In nanoseconds.
struct Times {
  double least = 0;
  double median = 0;
};

class Sample {
 public:
  void Add(Clock::duration spent) {
    times_.push_back(std::chrono::duration<double, std::nano>(spent).count());
  }
  [[nodiscard]] Times Sorted() {
    if (times_.empty()) return {};
    std::ranges::sort(times_);
    return {.least = times_.front(), .median = times_[times_.size() / 2]};
  }

 private:
  std::vector<double> times_;
};

// Of one of `inner` repetitions of each body. The bodies take turns, so that a machine that is busy
// for a while is so for all of them.
template <typename First, typename Second>
std::pair<Times, Times> MeasureBoth(int rounds, int inner, First first, Second second) {
  Sample of_first, of_second;
  for (int round = 0; round < rounds; ++round) {
    auto begin = Clock::now();
    for (int i = 0; i < inner; ++i) first();
    of_first.Add((Clock::now() - begin) / inner);
    begin = Clock::now();
    for (int i = 0; i < inner; ++i) second();
    of_second.Add((Clock::now() - begin) / inner);
  }
  return {of_first.Sorted(), of_second.Sorted()};
}

}  // namespace purebpf::bench

#endif  // PUREBPF_TESTS_BENCH_MEASURE_H_
