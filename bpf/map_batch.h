// Many elements a call (Linux 5.6): hash kinds and arrays; LPM tries, maps of maps and per-CPU
// arrays later. Some 7 times faster than element by element.
//
// Keys lie one behind the other, as values do: key_size() and lookup_size() bytes each.
// Source: kernel/bpf/syscall.c: generic_map_lookup_batch, kernel/bpf/hashtab.c:
// __htab_map_lookup_and_delete_batch.
#ifndef PUREBPF_BPF_MAP_BATCH_H_
#define PUREBPF_BPF_MAP_BATCH_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "purebpf/bpf/bytes.h"
#include "purebpf/bpf/error.h"
#include "purebpf/bpf/map.h"

namespace purebpf {

// Where a walk over one map stands. Each kind of map has its own idea of it: opaque.
class BatchCursor {
 public:
  // Nothing is left.
  [[nodiscard]] bool done() const { return done_; }

 private:
  friend class MapBatch;
  std::vector<std::byte> position_;  // empty at the start
  std::vector<std::byte> next_;
  int map_fd_ = -1;
  bool done_ = false;
};

class MapBatch {
 public:
  // Borrows `map`.
  explicit MapBatch(const Map& map) : map_(map) {}

  // The next elements after `cursor` (a new one: the first) into `keys` and `values`, which have
  // room for as many of each: how many. 0 only at the end. A hash gives whole buckets: where the
  // next does not fit, kSystem with ENOSPC and the cursor stays; larger room helps.
  // kUnsupported where the map's type has no such operation: element by element then.
  Result<size_t> Lookup(BatchCursor& cursor, MutableBytes keys, MutableBytes values) const;
  // The same, and takes them out: hash kinds.
  Result<size_t> LookupAndDelete(BatchCursor& cursor, MutableBytes keys, MutableBytes values) const;

  // All of them, created or replaced: one call, or as many as there are elements where the kernel
  // or the type has no such operation. The first that is refused ends it; the Error says how many
  // were put before.
  Result<void> Put(Bytes keys, Bytes values) const;
  // How many were there, and are deleted. One call, and one more for each that was not there; or
  // element by element, as Put.
  Result<size_t> Delete(Bytes keys) const;

 private:
  Result<size_t> Read(Command command, BatchCursor& cursor, MutableBytes keys,
                      MutableBytes values) const;
  // How many elements these are; kInvalidArgument where they are no whole number, or not as many
  // values as keys.
  Result<size_t> CountOf(Command command, size_t key_bytes,
                         std::optional<size_t> value_bytes) const;
  [[nodiscard, gnu::cold]] std::unexpected<Error> Refused(Command command, Errno answer) const;

  const Map& map_;
};

}  // namespace purebpf

#endif  // PUREBPF_BPF_MAP_BATCH_H_
