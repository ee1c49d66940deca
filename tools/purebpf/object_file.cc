#include "purebpf/tools/purebpf/object_file.h"

#include <string_view>
#include <utility>

namespace purebpf::tool {

Result<ObjectFile> OpenObject(Kernel& kernel, const std::string& path) {
  constexpr size_t kMaxFile = size_t{256} << 20;  // as CollectionSpec::FromFile
  auto bytes = kernel.ReadFile(path, kMaxFile);
  if (!bytes) return std::unexpected(SystemError(bytes.error(), "read object", path));
  std::string_view name = path;
  name.remove_prefix(name.rfind('/') + 1);
  if (name.ends_with(".o")) name.remove_suffix(2);
  auto spec = CollectionSpec::Parse(*bytes, name);
  if (!spec) return std::unexpected(std::move(spec).error());
  return ObjectFile{.bytes = std::move(*bytes), .spec = std::move(*spec)};
}

}  // namespace purebpf::tool
