#include "purebpf/bpf/testing/answers.h"

#include <algorithm>
#include <cstring>

#include "purebpf/bpf/testing/words.h"

namespace purebpf::testing::internal {
namespace {

constexpr std::string_view kNumbered = "errno:";

bool IsOut(const Region& region) { return region.direction != Direction::kIn; }

// The row of the pointer that a region is behind, and the name that its contents go by.
struct Named {
  FieldSpec spec;
  std::string name;
};

Named NameOf(Schema schema, const About& about, Bytes attr, std::span<const Region> regions,
             const Region& region) {
  if (region.holder >= 0 && static_cast<size_t>(region.holder) < regions.size()) {
    const Region& holder = regions[static_cast<size_t>(region.holder)];
    // Two levels are all that there are.
    if (holder.holder >= 0) return {.spec = {.kind = Kind::kPointer}, .name = "memory"};
    Named outer = NameOf(schema, about, attr, regions, holder);
    const FieldSpec own = InfoPointer(about, region.attr_offset);
    return {.spec = own, .name = outer.name + "." + std::string(own.name)};
  }
  for (const FieldSpec& spec : schema)
    if (spec.kind == Kind::kPointer && spec.offset == region.attr_offset && Applies(spec, attr))
      return {.spec = spec, .name = std::string(spec.name)};
  return {.spec = {.kind = Kind::kPointer}, .name = "at" + Decimal(region.attr_offset)};
}

// How much of a region the kernel says that it has written.
size_t WrittenBytes(Command command, const FieldSpec& spec, Bytes attr, size_t room,
                    const SysResult<int>& answer) {
  const auto field = [&](size_t offset, size_t unit) {
    return offset + 4 <= attr.size() ? std::min(room, LoadInteger(attr, offset, 4) * unit) : room;
  };
  switch (command) {
    case Command::kObjGetInfoByFd:
      return spec.content == Content::kInfo ? field(4, 1) : room;
    case Command::kProgTestRun:
      if (spec.name == "data_out") return field(12, 1);
      return spec.name == "ctx_out" ? field(44, 1) : room;
    case Command::kProgQuery:
      return field(24, 4);
    case Command::kProgStreamReadByFd:
      return answer ? std::min(room, static_cast<size_t>(std::max(*answer, 0))) : 0;
    default:
      return room;
  }
}

// Up to the last byte that differs.
size_t ChangedBytes(Bytes before, Bytes after) {
  size_t size = after.size();
  while (size > 0 && size <= before.size() && before[size - 1] == after[size - 1]) --size;
  return size;
}

// Pointers in a structure stay what the caller put there.
void KeepPointers(std::span<const Region> regions, size_t holder, MutableBytes bytes) {
  for (const Region& region : regions)
    if (region.holder == static_cast<int>(holder) && region.attr_offset + 8U <= bytes.size())
      StoreInteger(bytes, region.attr_offset, 8, reinterpret_cast<uintptr_t>(region.bytes.data()));
}

Schema AttrSchema(Command command) { return SpecOf(command).attr; }

}  // namespace

std::string ErrnoWord(Errno error) {
  std::string name = ErrnoName(error.value);
  if (name.find(' ') == std::string::npos) return name;
  return std::string(kNumbered) + SignedDecimal(error.value);
}

std::optional<Errno> ErrnoOf(std::string_view result) {
  if (const std::optional<int> number = ErrnoNamed(result)) return Errno{*number};
  if (!result.starts_with(kNumbered)) return std::nullopt;
  const std::optional<uint64_t> number = ParseNumber(result.substr(kNumbered.size()));
  if (!number || *number == 0 || *number > 4095) return std::nullopt;
  return Errno{static_cast<int>(*number)};
}

Before::Before(Bytes attr_bytes, std::span<const Region> all)
    : attr(attr_bytes.begin(), attr_bytes.end()) {
  for (const Region& region : all) {
    std::vector<std::byte>& copy = regions.emplace_back();
    if (IsOut(region)) copy.assign(region.bytes.begin(), region.bytes.end());
  }
}

void TellBpf(Context& context, Call& call, Command command, const About& about,
             const Before& before, Bytes attr, std::span<const Region> regions,
             const SysResult<int>& answer) {
  const Schema schema = AttrSchema(command);
  DescribeChanges(context, schema, before.attr, attr, call.outputs);
  About answered = about;
  answered.answered = true;
  for (size_t i = 0; i < regions.size(); ++i) {
    const Region& region = regions[i];
    if (!IsOut(region)) continue;
    const Named named = NameOf(schema, about, attr, regions, region);
    size_t size = WrittenBytes(command, named.spec, attr, region.bytes.size(), answer);
    const size_t changed = ChangedBytes(before.regions[i], region.bytes);
    if (named.spec.content == Content::kLog) {
      if (region.bytes.empty() || region.bytes.front() == std::byte{0}) continue;
    } else if (!answer && changed == 0) {
      continue;
    } else if (!answer) {
      size = std::max(changed, named.spec.content == Content::kInfo ? size : 0);
    }
    DescribeContent(context, named.spec, named.name, answered, region.bytes.first(size),
                    call.outputs, call.blocks);
  }
}

bool TakeBpf(Context& context, const Call& call, Command command, const About& about,
             MutableBytes attr, std::span<const Region> regions, std::string& wrong) {
  const Schema schema = AttrSchema(command);
  std::vector<std::string> names;
  for (const Region& region : regions)
    names.push_back(NameOf(schema, about, attr, regions, region).name);
  std::vector<Field> fields;
  for (const Field& field : call.outputs)
    if (std::ranges::find(names, field.name) == names.end()) fields.push_back(field);
  if (!EncodeStruct(context, schema, fields, attr, wrong)) return false;
  for (size_t i = 0; i < regions.size(); ++i) {
    const Region& region = regions[i];
    if (!IsOut(region)) continue;
    const FieldSpec spec = NameOf(schema, about, attr, regions, region).spec;
    const size_t room =
        WrittenBytes(command, spec, attr, region.bytes.size(), SysResult<int>(INT32_MAX));
    std::vector<std::byte> bytes;
    const std::optional<bool> read = ReadContent(context, spec, names[i], about, call, room, bytes);
    if (!read) continue;
    wrong = names[i];
    if (!*read) return false;
    if (bytes.size() > region.bytes.size()) {
      wrong += ": " + Decimal(bytes.size()) + " bytes, and the caller has room for " +
               Decimal(region.bytes.size());
      return false;
    }
    KeepPointers(regions, i, bytes);
    std::ranges::copy(bytes, region.bytes.begin());
  }
  wrong.clear();
  return true;
}

void LearnBpf(Context& context, Command command, const About& about, const std::string& made,
              Bytes attr, std::span<const Region> regions) {
  const auto facts = [](Bytes bytes, size_t type, size_t sizes) {
    return MapFacts{.type = static_cast<MapType>(LoadInteger(bytes, type, 4)),
                    .key_size = static_cast<uint32_t>(LoadInteger(bytes, sizes, 4)),
                    .value_size = static_cast<uint32_t>(LoadInteger(bytes, sizes + 4, 4)),
                    .max_entries = static_cast<uint32_t>(LoadInteger(bytes, sizes + 8, 4))};
  };
  if (command == Command::kMapCreate && attr.size() >= 16)
    context.tokens.FactsOf(made) = facts(attr, 0, 4);
  const Region* const info = command == Command::kObjGetInfoByFd ? RegionAt(regions, 8) : nullptr;
  if (info != nullptr && info->bytes.size() >= 20 && about.token.starts_with(kMapKind))
    context.tokens.FactsOf(about.token) = facts(info->bytes, 0, 8);
}

void TellBytes(Context& context, Call& call, std::string_view name, Bytes bytes) {
  if (bytes.empty()) return;
  if (IsText(bytes)) return DescribeText(name, TextOf(bytes), true, call.outputs, call.blocks);
  call.outputs.push_back({std::string(name), BytesText(context, bytes)});
}

bool TakeBytes(Context& context, const Call& call, std::string_view name,
               std::vector<std::byte>& bytes) {
  if (const Block* const block = FindAnswer(call, name)) {
    const std::optional<std::string> text = ReadTextBlock(*block);
    if (!text) return false;
    const Bytes own = BytesOfText(*text);
    bytes.insert(bytes.end(), own.begin(), own.end());
    return true;
  }
  const Field* const field = FindField(call.outputs, name);
  return field == nullptr || ReadBytes(context, field->value, bytes);
}

void TellNames(Call& call, const std::vector<std::string>& names) {
  constexpr size_t kLine = 90;
  if (names.empty()) return;
  Block block{.answered = true, .head = "names"};
  size_t width = kLine;
  for (const std::string& name : names) {
    std::string quoted = Quote(name);
    if (width + quoted.size() > kLine) {
      block.blocks.emplace_back();
      width = 0;
    }
    width += quoted.size() + 1;
    block.blocks.back().fields.push_back({"", std::move(quoted)});
  }
  call.blocks.push_back(std::move(block));
}

bool TakeNames(const Call& call, std::vector<std::string>& names) {
  const Block* const block = FindAnswer(call, "names");
  if (block == nullptr) return true;
  for (const Block& line : block->blocks) {
    for (const Field& field : line.fields) {
      std::optional<std::string> name = Unquote(field.value);
      if (!name) return false;
      names.push_back(std::move(*name));
    }
  }
  return true;
}

void TellLimit(Call& call, const ResourceLimit& limit) {
  const auto number = [](uint64_t value) {
    return value == ResourceLimit::kInfinity ? "unlimited" : Decimal(value);
  };
  call.outputs.push_back({"soft", number(limit.soft)});
  call.outputs.push_back({"hard", number(limit.hard)});
}

bool TakeLimit(const Call& call, ResourceLimit& limit) {
  const auto take = [&](std::string_view name, uint64_t& value) {
    const Field* const field = FindField(call.outputs, name);
    if (field == nullptr) return false;
    const std::optional<uint64_t> number =
        field->value == "unlimited" ? ResourceLimit::kInfinity : ParseNumber(field->value);
    value = number.value_or(0);
    return number.has_value();
  };
  return take("soft", limit.soft) && take("hard", limit.hard);
}

}  // namespace purebpf::testing::internal
