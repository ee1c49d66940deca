#include "purebpf/loader/internal/plan/kconfig_type.h"

#include <bit>
#include <limits>
#include <string_view>

namespace purebpf::internal {
namespace {

// What a program's author has y, m and n in; by its name, as there is nothing else to tell it by.
constexpr std::string_view kTristate = "libbpf_tristate";

std::optional<ConfigType> NumberType(const elf::Btf& btf, const elf::BtfType& type) {
  const elf::BtfInt number = btf.Int(type);
  if (number.is_bool) {
    if (type.size != 1) return std::nullopt;
    return ConfigType{.kind = ConfigKind::kBool, .size = 1};
  }
  if (type.size == 1)
    return ConfigType{.kind = ConfigKind::kChar, .size = 1, .is_signed = number.is_signed};
  if (type.size == 0 || type.size > 8 || !std::has_single_bit(type.size)) return std::nullopt;
  return ConfigType{.kind = ConfigKind::kInt, .size = type.size, .is_signed = number.is_signed};
}

}  // namespace

std::optional<ConfigType> ConfigTypeOf(const elf::Btf& btf, elf::TypeId id) {
  const auto type = btf.Resolve(id);
  if (!type) return std::nullopt;
  switch (type->kind) {
    case elf::BtfKind::kInt:
      return NumberType(btf, *type);
    case elf::BtfKind::kEnum:
    case elf::BtfKind::kEnum64:
      if (type->name != kTristate || type->size > 8) return std::nullopt;
      return ConfigType{.kind = ConfigKind::kTristate, .size = type->size};
    case elf::BtfKind::kArray: {
      const elf::BtfArray array = btf.Array(*type);
      const auto element = btf.Resolve(array.element);
      if (!element || element->kind != elf::BtfKind::kInt || array.count == 0) return std::nullopt;
      const auto letter = NumberType(btf, *element);
      if (!letter || letter->kind != ConfigKind::kChar) return std::nullopt;
      return ConfigType{.kind = ConfigKind::kString, .size = array.count};
    }
    default:
      return std::nullopt;
  }
}

// arch/*/Kconfig: ARCH_HAS_SYSCALL_WRAPPER.
uint32_t SyscallWrapperSince() {
#if defined(__x86_64__) || defined(__s390x__)
  return 0x041100;  // Linux 4.17
#elif defined(__aarch64__)
  return 0x041300;  // Linux 4.19
#elif defined(__riscv)
  return 0x060600;  // Linux 6.6
#elif defined(__powerpc64__)
  return 0x060100;  // Linux 6.1
#else
  return std::numeric_limits<uint32_t>::max();
#endif
}

}  // namespace purebpf::internal
