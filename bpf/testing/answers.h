// Internal. The kernel's side of every call: put into words where a conversation is recorded, and
// taken from the words where it is replayed.
#ifndef PUREBPF_BPF_TESTING_ANSWERS_H_
#define PUREBPF_BPF_TESTING_ANSWERS_H_

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "purebpf/bpf/kernel.h"
#include "purebpf/bpf/testing/describe.h"
#include "purebpf/bpf/testing/fixture.h"

namespace purebpf::testing::internal {

// --- Results
// --------------------------------------------------------------------------------------

// "ENOENT", "errno:4242".
std::string ErrnoWord(Errno error);
// The errno that a result is; nothing where it is another.
std::optional<Errno> ErrnoOf(std::string_view result);

// --- bpf(2) and perf_event_open(2)
// ----------------------------------------------------------------

// What was in memory before the kernel wrote to it.
struct Before {
  Before(Bytes attr_bytes, std::span<const Region> regions);

  std::vector<std::byte> attr;
  std::vector<std::vector<std::byte>> regions;  // empty for those that the kernel only reads
};

// After a call that is answered by `result`, a token or a number, or by an errno.
void TellBpf(Context& context, Call& call, Command command, const About& about,
             const Before& before, Bytes attr, std::span<const Region> regions,
             const SysResult<int>& answer);
// Writes what `call` says to the attribute and the regions. False where the words are malformed or
// do not fit the room that there is; `wrong` says which.
[[nodiscard]] bool TakeBpf(Context& context, const Call& call, Command command, const About& about,
                           MutableBytes attr, std::span<const Region> regions, std::string& wrong);
// What a call that succeeded tells about maps; `made` is the token of a new descriptor.
void LearnBpf(Context& context, Command command, const About& about, const std::string& made,
              Bytes attr, std::span<const Region> regions);

// --- The others
// -----------------------------------------------------------------------------------

// Bytes that a file or a descriptor gave, under `name`.
void TellBytes(Context& context, Call& call, std::string_view name, Bytes bytes);
// Appends. Nothing told is no bytes.
[[nodiscard]] bool TakeBytes(Context& context, const Call& call, std::string_view name,
                             std::vector<std::byte>& bytes);

void TellNames(Call& call, const std::vector<std::string>& names);
[[nodiscard]] bool TakeNames(const Call& call, std::vector<std::string>& names);

void TellLimit(Call& call, const ResourceLimit& limit);
[[nodiscard]] bool TakeLimit(const Call& call, ResourceLimit& limit);

}  // namespace purebpf::testing::internal

#endif  // PUREBPF_BPF_TESTING_ANSWERS_H_
