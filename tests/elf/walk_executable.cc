#include <utility>
#include <vector>

#include "purebpf/elf/executable.h"
#include "purebpf/elf/executable_reduce.h"
#include "purebpf/tests/elf/walk.h"

namespace purebpf::elf {

Walk WalkExecutable(Bytes bytes) {
  Walk walk;
  const auto executable = Executable::Parse(bytes);
  if (!executable) {
    walk.error = executable.error().message;
    if (walk.error.empty()) walk.violation = "an error without a message";
    return walk;
  }
  walk.parsed = true;
  const auto begin = reinterpret_cast<uintptr_t>(bytes.data());
  std::vector<FunctionSymbol> functions;
  const auto read = executable->EachFunction([&](const FunctionSymbol& each) {
    const auto name = reinterpret_cast<uintptr_t>(each.name.data());
    if (name < begin || name - begin + each.name.size() > bytes.size())
      walk.violation = "a name lies outside of the file";
    functions.push_back(each);
  });
  if (!read) return walk;
  // What is kept of it says the same.
  const std::vector<std::byte> reduced = ReduceExecutable(*executable, functions);
  const auto again = Executable::Parse(reduced);
  if (!again) {
    walk.violation = "reduced, it is none: " + again.error().message;
    return walk;
  }
  size_t index = 0;
  const auto reread = again->EachFunction([&](const FunctionSymbol& each) {
    if (index >= functions.size() || each.name != functions[index].name ||
        each.address != functions[index].address || each.defined != functions[index].defined ||
        again->FileOffset(each.address) != executable->FileOffset(each.address))
      walk.violation = "reduced, a function is another";
    ++index;
  });
  if (!reread || index != functions.size()) walk.violation = "reduced, functions are missing";
  return walk;
}

}  // namespace purebpf::elf
