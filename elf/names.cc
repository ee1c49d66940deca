#include "purebpf/elf/names.h"

#include <algorithm>

#include "purebpf/elf/text.h"

namespace purebpf::elf {

std::expected<std::string_view, NameFault> NameAt(Bytes table, uint32_t offset) {
  if (offset >= table.size()) return std::unexpected(NameFault::kOutside);
  const Bytes rest = table.subspan(offset);
  const Bytes window = rest.first(std::min<size_t>(rest.size(), kMaxNameLength + 1));
  if (const auto name = StringAt(window, 0)) return *name;
  return std::unexpected(rest.size() > kMaxNameLength ? NameFault::kTooLong
                                                      : NameFault::kUnterminated);
}

std::unexpected<ParseError> NameError(std::string_view whose, Bytes table, uint32_t offset,
                                      NameFault fault) {
  const std::string at = Hex(offset);
  const std::string size = Hex(table.size());
  switch (fault) {
    case NameFault::kOutside:
      return Malformed(Concat(
          {whose, ": name at ", at, " lies outside of the string table's ", size, " bytes"}));
    case NameFault::kUnterminated:
      return Malformed(Concat(
          {whose, ": name at ", at, " does not end in the string table's ", size, " bytes"}));
    case NameFault::kTooLong:
      break;
  }
  return Unsupported(
      Concat({whose, ": name at ", at, " has more than ", Decimal(kMaxNameLength), " bytes"}));
}

}  // namespace purebpf::elf
