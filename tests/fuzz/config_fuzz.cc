// Any text is a configuration of xconnect or an error with a place in it.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "purebpf/tools/xconnect/config.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto config = purebpf::xconnect::ParseConfig(text);
  if (config) return 0;
  const auto lines = static_cast<size_t>(std::ranges::count(text, '\n')) +
                     static_cast<size_t>(std::ranges::count(text, '\r')) + 1;
  const bool inside = config.error().line >= 1 && config.error().line <= lines + 1;
  if (!inside || config.error().column == 0 || config.error().message.empty()) std::abort();
  return 0;
}
