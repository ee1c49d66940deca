// What the object uses and does not define: symbols without a section, and what their types say.
#include <algorithm>
#include <limits>
#include <tuple>

#include "purebpf/loader/internal/object.h"

namespace purebpf::internal {
namespace {

constexpr std::string_view kKconfigSection = ".kconfig";
constexpr std::string_view kKsymsSection = ".ksyms";
constexpr uint32_t kLargestAlignment = 8;

// An extern on its way to its place in CollectionSpec::externs.
struct Candidate {
  ExternSpec spec;
  uint32_t symbol = 0;
  uint32_t alignment = 1;
};

// What the types say of the externs of a section, by name.
class Declared {
 public:
  explicit Declared(const TypedSection* section) {
    if (section == nullptr) return;
    for (const TypedVariable& variable : section->variables) all_.push_back(&variable);
    std::ranges::stable_sort(all_, {}, [](const TypedVariable* v) { return v->name; });
  }

  [[nodiscard]] const TypedVariable* Find(std::string_view name) const {
    const auto found =
        std::ranges::lower_bound(all_, name, {}, [](const TypedVariable* v) { return v->name; });
    return found == all_.end() || (*found)->name != name ? nullptr : *found;
  }

 private:
  std::vector<const TypedVariable*> all_;
};

// The alignment of what .kconfig may hold: numbers, and arrays of them.
uint32_t AlignmentOf(const elf::Btf& btf, elf::TypeId id) {
  auto type = btf.Resolve(id);
  if (type && type->kind == elf::BtfKind::kArray) type = btf.Resolve(btf.Array(*type).element);
  if (!type || type->size == 0) return 1;
  return std::min(type->size, kLargestAlignment);
}

void Describe(Object& object, const Declared& options, const Declared& symbols,
              Candidate& candidate) {
  if (!object.btf) return;
  const elf::Btf& btf = *object.btf;
  ExternSpec& spec = candidate.spec;
  if (const TypedVariable* option = options.Find(spec.name);
      option != nullptr && !option->function) {
    const auto size = btf.SizeOf(option->type);
    if (!size || *size == 0 || *size > std::numeric_limits<int32_t>::max()) return;
    spec.kind = ExternKind::kKconfig;
    spec.type = static_cast<uint32_t>(option->type);
    spec.size = static_cast<uint32_t>(*size);
    candidate.alignment = AlignmentOf(btf, option->type);
    return;
  }
  if (const TypedVariable* symbol = symbols.Find(spec.name)) {
    spec.type = static_cast<uint32_t>(symbol->type);
    const auto type = btf.Resolve(symbol->type);
    spec.kind = symbol->function                            ? ExternKind::kFunction
                : type && type->kind == elf::BtfKind::kVoid ? ExternKind::kAddress
                                                            : ExternKind::kVariable;
    return;
  }
  // Declared without its section (GCC's functions are): it can only be the kernel's.
  const auto function = object.FindFunctionType(spec.name);
  if (!function) return;
  spec.kind = ExternKind::kFunction;
  spec.type = static_cast<uint32_t>(btf.Type(*function).target);
}

int Rank(ExternKind kind) {
  if (kind == ExternKind::kKconfig) return 0;
  return kind == ExternKind::kUnknown ? 2 : 1;
}

// As libbpf sorts them, which makes both the layout of .kconfig and the numbers in poisoned calls
// the same: options by alignment (greatest first), size and name; then symbols by name.
bool Before(const Candidate& a, const Candidate& b) {
  const auto key = [](const Candidate& c) {
    const bool option = c.spec.kind == ExternKind::kKconfig;
    return std::tuple(Rank(c.spec.kind), option ? kLargestAlignment - c.alignment : 0,
                      option ? c.spec.size : 0, std::string_view(c.spec.name), c.symbol);
  };
  return key(a) < key(b);
}

}  // namespace

void ReadExterns(Object& object) {
  std::vector<Candidate> candidates;
  for (const elf::Symbol& symbol : object.file.symbols()) {
    if (symbol.index == 0 || symbol.section != elf::kUndefinedSection || symbol.name.empty())
      continue;
    if (!object.Afford(symbol.name.size())) return;
    Candidate candidate{.spec = {}, .symbol = symbol.index};
    candidate.spec.name = symbol.name;
    candidate.spec.weak = symbol.binding == elf::SymbolBinding::kWeak;
    candidates.push_back(std::move(candidate));
  }
  if (candidates.empty()) return;
  const Declared options(object.FindTyped(kKconfigSection));
  const Declared symbols(object.FindTyped(kKsymsSection));
  for (Candidate& candidate : candidates) Describe(object, options, symbols, candidate);
  std::ranges::sort(candidates, Before);

  uint64_t end = 0;  // of .kconfig so far
  for (Candidate& candidate : candidates) {
    ExternSpec& spec = candidate.spec;
    if (spec.kind == ExternKind::kKconfig) {
      const uint64_t offset =
          (end + candidate.alignment - 1) / candidate.alignment * candidate.alignment;
      if (offset + spec.size > std::numeric_limits<uint32_t>::max()) {
        spec.kind = ExternKind::kUnknown;
      } else {
        spec.offset = static_cast<uint32_t>(offset);
        end = offset + spec.size;
      }
    }
    object.externs_by_symbol.emplace_back(candidate.symbol,
                                          static_cast<uint32_t>(object.spec.externs.size()));
    object.spec.externs.push_back(std::move(spec));
  }
  std::ranges::sort(object.externs_by_symbol);
}

}  // namespace purebpf::internal
