// Any file is a kernel's configuration or an error; any value fits its type or is refused.
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>

#include "purebpf/loader/kconfig.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using purebpf::ConfigKind;
  const auto config = purebpf::KernelConfig::ParseFile(std::as_bytes(std::span(data, size)));
  if (!config) {
    if (config.error().detail.empty()) std::abort();
    return 0;
  }
  for (const char* option : {"CONFIG_A", "CONFIG_B", "CONFIG_C", "CONFIG_OPTION_7"}) {
    const auto value = config->Find(option);
    if (!value) continue;
    for (const auto kind : {ConfigKind::kBool, ConfigKind::kTristate, ConfigKind::kChar,
                            ConfigKind::kInt, ConfigKind::kString}) {
      std::array<std::byte, 8> out;
      for (const uint32_t bytes : {1U, 4U, 8U})
        (void)purebpf::EncodeConfig(option, *value, {kind, bytes, size % 2 == 0},
                                    std::span(out).first(bytes));
    }
  }
  return 0;
}
