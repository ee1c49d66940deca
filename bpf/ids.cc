#include "purebpf/bpf/ids.h"

#include <cerrno>
#include <utility>

#include "purebpf/bpf/attr.h"
#include "purebpf/bpf/call.h"
#include "purebpf/bpf/explain.h"
#include "purebpf/bpf/try.h"

namespace purebpf {
namespace {

struct Row {
  Command command;
  std::string_view operation;
};

constexpr Row kRows[] = {
    {Command::kProgGetNextId, "list programs"},
    {Command::kMapGetNextId, "list maps"},
    {Command::kBtfGetNextId, "list BTF objects"},
    {Command::kLinkGetNextId, "list links"},
};

}  // namespace

Result<std::optional<uint32_t>> NextId(Kernel& kernel, IdsOf what, uint32_t id) {
  const Row& row = kRows[std::to_underlying(what)];
  GetFdByIdAttr attr{.id = id};
  const auto answer = BpfCall(row.command, attr).Issue(kernel);
  if (answer) return attr.next_id;
  if (answer.error() == Errno{ENOENT}) return std::nullopt;
  Error error = SystemError(answer.error(), row.operation, {});
  Explain(kernel, internal::kObjectHints,
          {.command = row.command, .error = answer.error(), .newcomer = NewcomerOf(row.command)},
          error);
  return std::unexpected(std::move(error));
}

Result<std::vector<uint32_t>> Ids(Kernel& kernel, IdsOf what) {
  std::vector<uint32_t> ids;
  uint32_t last = 0;
  while (const auto next = PUREBPF_TRY(NextId(kernel, what, last))) {
    if (*next <= last) break;  // no kernel says so, and we would never end
    ids.push_back(last = *next);
  }
  return ids;
}

}  // namespace purebpf
