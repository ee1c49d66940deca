// Counts packets.
#ifndef COUNTER_H_
#define COUNTER_H_

#include <cstdint>
#include <utility>

#include "purebpf/loader/bind.h"

class Counter {
 public:
  static purebpf::Result<Counter> Load(purebpf::Kernel& kernel);

  // Hands one packet to the program, as if an interface had received it.
  [[nodiscard]] purebpf::Result<void> Offer(purebpf::Bytes packet) const;
  [[nodiscard]] purebpf::Result<uint64_t> packets() const;

 private:
  struct Objects {
    purebpf::Named<"count", purebpf::Program> program;
    purebpf::Named<"packets", purebpf::TypedMap<uint32_t, uint64_t>> packets;
  };
  explicit Counter(Objects objects) : objects_(std::move(objects)) {}

  Objects objects_;
};

#endif  // COUNTER_H_
