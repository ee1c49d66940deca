#include "purebpf/tools/purebpf/kernel_files.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include "purebpf/elf/btf.h"

namespace purebpf::tool {
namespace {

constexpr std::string_view kVmlinux = "vmlinux";
constexpr std::string_view kConfig = "config";

std::string In(const std::string& folder, std::string_view name) {
  return folder + (folder.ends_with('/') ? "" : "/") + std::string(name);
}

// BTF that makes no sense by itself.
std::optional<std::vector<std::byte>> ReadSplit(Kernel& kernel, const std::string& path) {
  constexpr size_t kMaxModule = size_t{16} << 20;  // the largest of today have 3 MB
  auto file = kernel.ReadFile(path, kMaxModule);
  if (!file || !elf::BeginsAsBtf(*file) || elf::Btf::Parse(*file)) return std::nullopt;
  return std::move(*file);
}

class Finder {
 public:
  Finder(Kernel& kernel, FunctionRef<void(const KernelFiles&)> found)
      : kernel_(kernel), found_(found) {}

  // `depth`: of folders around it.
  void Find(const std::string& path, int depth) {
    constexpr int kDeepest = 2;
    if (depth == kDeepest) return found_({.btf = path, .listed = true});
    const auto names = kernel_.ListFolder(path);
    if (!names) return found_({.btf = path, .listed = depth > 0});
    KernelFiles whole{.btf = In(path, kVmlinux), .listed = true};
    std::vector<std::string> others;
    if (std::ranges::find(*names, kVmlinux) == names->end()) {
      others = *names;
    } else {
      for (const std::string& name : *names)
        if (!Belongs(whole, In(path, name), name)) others.push_back(name);
    }
    for (const std::string& name : others) {
      if (name == kVmlinux) {
        found_(whole);
      } else {
        Find(In(path, name), depth + 1);
      }
    }
  }

 private:
  // Whether it is a part of that kernel, and no kernel of its own.
  bool Belongs(KernelFiles& whole, const std::string& path, std::string_view name) {
    if (name == kVmlinux) return false;
    if (name == kConfig) {
      whole.kconfig = path;
      return true;
    }
    auto types = ReadSplit(kernel_, path);
    if (!types) return false;
    whole.modules.push_back({std::string(name), std::move(*types)});
    return true;
  }

  Kernel& kernel_;
  FunctionRef<void(const KernelFiles&)> found_;  // for as long as EachKernel runs
};

}  // namespace

void EachKernel(Kernel& kernel, const std::string& path,
                FunctionRef<void(const KernelFiles&)> found) {
  Finder(kernel, found).Find(path, 0);
}

}  // namespace purebpf::tool
