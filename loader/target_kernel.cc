#include "purebpf/loader/target_kernel.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <utility>

#include "purebpf/bpf/cpus.h"
#include "purebpf/bpf/try.h"
#include "purebpf/loader/internal/names.h"
#include "purebpf/loader/internal/plan/btf_source.h"
#include "purebpf/loader/internal/plan/kernel_facts.h"

namespace purebpf {
namespace {

constexpr const char* kKernelBtf = "/sys/kernel/btf/vmlinux";
constexpr const char* kModulesBtf = "/sys/kernel/btf";
constexpr size_t kMaxBtf = size_t{256} << 20;
constexpr size_t kMaxVmlinux = size_t{2} << 30;  // with DWARF
constexpr size_t kMaxConfig = size_t{16} << 20;
constexpr size_t kMaxSymbols = size_t{256} << 20;

[[gnu::cold]] std::unexpected<Error> Unknown(std::string object, std::string detail,
                                             std::string hint) {
  return std::unexpected(Error{.code = Code::kNotFound,
                               .operation = "learn about the kernel",
                               .object = std::move(object),
                               .detail = std::move(detail),
                               .hint = std::move(hint)});
}

// Types, and the bytes that they are in: a view of a file that is to be closed, or given ones.
struct OpenTypes {
  Kernel* kernel = nullptr;  // who is to close the view
  Bytes view;                // the file
  std::optional<elf::Btf> btf;
  elf::TypeIdSet visited;

  OpenTypes() = default;
  OpenTypes(const OpenTypes&) = delete;
  OpenTypes& operator=(const OpenTypes&) = delete;
  ~OpenTypes() {
    if (kernel == nullptr) return;
    kernel->CloseFile(view, [this] { return internal::ReduceBtf(view, btf, visited); });
  }

  Result<void> Index(Bytes file, elf::BtfSearch* search, const elf::Btf* base) {
    const Bytes raw = PUREBPF_TRY(internal::RawBtf(file));
    auto index = elf::Btf::Index(raw, search, base);
    if (!index)
      return std::unexpected(Error{.code = Code::kMalformed,
                                   .operation = "read kernel types",
                                   .detail = std::move(index).error().message});
    btf = std::move(*index);
    visited = elf::TypeIdSet(btf->type_count());
    btf->Track(&visited);
    return {};
  }

  // Of the file at `path`.
  Result<void> Open(Kernel& files, const std::string& path, size_t max_bytes,
                    elf::BtfSearch* search, const elf::Btf* base) {
    const auto opened = files.OpenFile(path, max_bytes);
    if (!opened) return std::unexpected(SystemError(opened.error(), "read kernel types", path));
    kernel = &files;
    view = *opened;
    auto indexed = Index(view, search, base);
    if (!indexed) return std::unexpected(std::move(indexed).error().Within(path));
    return {};
  }
};

struct Module {
  std::string name;
  std::unique_ptr<OpenTypes> types;
};

}  // namespace

struct TargetKernel::State {
  Kernel* kernel = nullptr;  // for files at least
  bool is_running = false;
  KernelSources sources;

  std::optional<uint32_t> page_size;
  std::optional<uint32_t> cpus;
  std::optional<Result<uint32_t>> version;
  // An empty pointer in a Result: not looked for yet.
  Result<std::unique_ptr<OpenTypes>> own{nullptr};    // the running kernel's
  Result<std::unique_ptr<OpenTypes>> given{nullptr};  // sources.btf, sources.btf_path
  std::vector<Module> modules;
  std::vector<KernelModule> module_views;
  bool modules_read = false;
  std::optional<KernelConfig> given_config;
  std::optional<Result<KernelConfig>> config;

  [[nodiscard]] bool HasGivenTypes() const {
    return !sources.btf.empty() || !sources.btf_path.empty();
  }
  Result<std::unique_ptr<OpenTypes>> OpenGiven(elf::BtfSearch* search);
  Result<std::unique_ptr<OpenTypes>> OpenOwn(elf::BtfSearch* search);
  void ReadModules(const elf::Btf& base);
  const KernelConfig* GivenConfig();         // sources.kconfig
  Result<const KernelConfig*> FileConfig();  // sources.kconfig_path, or the running kernel's
  std::optional<uint32_t> ConfiguredVersion();
};

TargetKernel::TargetKernel(std::unique_ptr<State> state) : state_(std::move(state)) {}
TargetKernel::TargetKernel(TargetKernel&&) noexcept = default;
TargetKernel& TargetKernel::operator=(TargetKernel&&) noexcept = default;
TargetKernel::~TargetKernel() = default;

TargetKernel TargetKernel::Running(Kernel& kernel, KernelSources sources) {
  auto state = std::make_unique<State>();
  state->kernel = &kernel;
  state->is_running = true;
  state->sources = std::move(sources);
  return TargetKernel(std::move(state));
}

TargetKernel TargetKernel::FromFiles(Kernel& files, KernelSources sources) {
  auto state = std::make_unique<State>();
  state->kernel = &files;
  state->sources = std::move(sources);
  return TargetKernel(std::move(state));
}

TargetKernel TargetKernel::Described(KernelSources sources) {
  auto state = std::make_unique<State>();
  state->sources = std::move(sources);
  return TargetKernel(std::move(state));
}

std::endian TargetKernel::Order() {
  if (state_->is_running) return std::endian::native;
  if (state_->sources.order) return *state_->sources.order;
  if (!state_->HasGivenTypes()) return std::endian::native;
  const auto types = Types();
  return types ? (*types)->order() : std::endian::native;
}

Kernel* TargetKernel::running() const { return state_->is_running ? state_->kernel : nullptr; }

uint32_t TargetKernel::PageSize() {
  State& state = *state_;
  if (state.sources.page_size != 0) return state.sources.page_size;
  if (!state.page_size) {
    // A container without /proc keeps the commonest page.
    constexpr uint32_t kCommonest = 4096;
    const auto asked = state.is_running ? internal::AskPageSize(*state.kernel) : std::nullopt;
    state.page_size = asked.value_or(kCommonest);
  }
  return *state.page_size;
}

Result<uint32_t> TargetKernel::PossibleCpus() {
  State& state = *state_;
  if (state.sources.possible_cpus != 0) return state.sources.possible_cpus;
  if (!state.is_running) return 1;
  if (!state.cpus) state.cpus = PUREBPF_TRY(purebpf::PossibleCpus(*state.kernel));
  return *state.cpus;
}

Result<uint32_t> TargetKernel::Version() {
  State& state = *state_;
  if (!state.version) {
    std::optional<uint32_t> code;
    if (!state.sources.release.empty()) {
      code = internal::VersionCode(state.sources.release);
    } else if (state.is_running) {
      code = internal::AskVersion(*state.kernel);
    } else {
      code = state.ConfiguredVersion();
    }
    if (code) {
      state.version = *code;
    } else {
      state.version = Unknown("release", "its version is not known",
                              "give its release, or its configuration, which tells it");
    }
  }
  return *state.version;
}

Result<std::unique_ptr<OpenTypes>> TargetKernel::State::OpenGiven(elf::BtfSearch* search) {
  auto types = std::make_unique<OpenTypes>();
  if (!sources.btf.empty()) {
    PUREBPF_TRY(types->Index(sources.btf, search, nullptr));
  } else if (kernel != nullptr) {
    PUREBPF_TRY(types->Open(*kernel, sources.btf_path, kMaxVmlinux, search, nullptr));
  } else {
    return Unknown(sources.btf_path, "there is nothing to read files with", "give its bytes");
  }
  const std::endian found = types->btf->order();
  const std::endian wanted = is_running ? std::endian::native : sources.order.value_or(found);
  if (found != wanted)
    return std::unexpected(Error{.code = Code::kUnsupported,
                                 .operation = "read kernel types",
                                 .object = sources.btf_path,
                                 .detail = "they are " + std::string(internal::OrderName(found)) +
                                           ", the kernel " +
                                           std::string(internal::OrderName(wanted))});
  return types;
}

Result<std::unique_ptr<OpenTypes>> TargetKernel::State::OpenOwn(elf::BtfSearch* search) {
  auto types = std::make_unique<OpenTypes>();
  auto first = types->Open(*kernel, kKernelBtf, kMaxBtf, search, nullptr);
  if (first) return types;
  if (const auto release = kernel->Release()) {
    for (const std::string& path : internal::VmlinuxPaths(*release)) {
      types = std::make_unique<OpenTypes>();
      if (types->Open(*kernel, path, kMaxVmlinux, search, nullptr)) return types;
    }
  }
  Error error = std::move(first).error();
  if (error.hint.empty())
    error.hint = "the kernel needs CONFIG_DEBUG_INFO_BTF, or give its types in LoadOptions";
  return std::unexpected(std::move(error));
}

namespace {

// Opens where that was not tried before, else searches in what there is.
template <typename Open>
Result<const elf::Btf*> OpenOrSearch(Result<std::unique_ptr<OpenTypes>>& types,
                                     elf::BtfSearch* search, Open open) {
  if (types && *types == nullptr) {
    types = open();
  } else if (types && search != nullptr) {
    search->Run(*(*types)->btf);
  }
  if (!types) return std::unexpected(types.error());
  return &*(*types)->btf;
}

}  // namespace

Result<const elf::Btf*> TargetKernel::Types(elf::BtfSearch* search) {
  State& state = *state_;
  if (state.is_running)
    return OpenOrSearch(state.own, search, [&] { return state.OpenOwn(search); });
  if (!state.HasGivenTypes())
    return Unknown("types", "the types of the described kernel are not given", "");
  return OpenOrSearch(state.given, search, [&] { return state.OpenGiven(search); });
}

Result<const elf::Btf*> TargetKernel::CoreTypes(elf::BtfSearch* search) {
  if (!has_core_types_of_its_own()) return Types(search);
  State& state = *state_;
  return OpenOrSearch(state.given, search, [&] { return state.OpenGiven(search); });
}

bool TargetKernel::has_core_types_of_its_own() const {
  return state_->is_running && state_->HasGivenTypes();
}

// Best effort: a module that cannot be read has nothing that anybody needs, until proven otherwise.
void TargetKernel::State::ReadModules(const elf::Btf& base) {
  for (const ModuleBtf& module : sources.modules) {
    auto types = std::make_unique<OpenTypes>();
    if (types->Index(module.btf, nullptr, &base))
      modules.push_back({module.name, std::move(types)});
  }
  if (!is_running) return;
  const auto names = kernel->ListFolder(kModulesBtf);
  if (!names) return;
  for (const std::string& name : *names) {
    if (name == "vmlinux") continue;
    auto types = std::make_unique<OpenTypes>();
    if (types->Open(*kernel, std::string(kModulesBtf) + "/" + name, kMaxBtf, nullptr, &base))
      modules.push_back({name, std::move(types)});
  }
}

std::span<const KernelModule> TargetKernel::Modules() {
  State& state = *state_;
  if (!state.modules_read) {
    state.modules_read = true;
    const auto base = Types();
    if (base) state.ReadModules(**base);
    for (const Module& module : state.modules)
      state.module_views.push_back({module.name, &*module.types->btf});
  }
  return state.module_views;
}

const KernelConfig* TargetKernel::State::GivenConfig() {
  if (sources.kconfig.empty()) return nullptr;
  if (!given_config) given_config = KernelConfig::Parse(sources.kconfig);
  return &*given_config;
}

Result<const KernelConfig*> TargetKernel::State::FileConfig() {
  if (!config) {
    if (!sources.kconfig_path.empty() && kernel != nullptr) {
      const std::string& path = sources.kconfig_path;
      const auto file = kernel->ReadFile(path, kMaxConfig);
      if (!file) {
        config =
            std::unexpected(SystemError(file.error(), "read the kernel's configuration", path));
      } else {
        config = KernelConfig::ParseFile(*file);
      }
    } else if (is_running && kernel != nullptr) {
      config = KernelConfig::OfRunning(*kernel);
    } else if (!sources.kconfig.empty()) {
      config = KernelConfig();
    } else {
      config = Unknown("configuration", "how the kernel was built is not known",
                       "give the text of its /boot/config");
    }
  }
  if (!*config) return std::unexpected(config->error());
  return &**config;
}

// Of a described kernel.
std::optional<uint32_t> TargetKernel::State::ConfiguredVersion() {
  std::optional<std::string_view> release;
  if (const KernelConfig* text = GivenConfig()) release = text->Release();
  if (const auto file = FileConfig(); !release && file) release = (*file)->Release();
  return release ? internal::VersionCode(*release) : std::nullopt;
}

Result<std::optional<std::string_view>> TargetKernel::Option(std::string_view option) {
  if (const KernelConfig* given = state_->GivenConfig()) {
    if (const auto value = given->Find(option)) return value;
  }
  return PUREBPF_TRY(state_->FileConfig())->Find(option);
}

Result<void> TargetKernel::FindSymbols(std::span<KernelSymbol> symbols) {
  State& state = *state_;
  if (!state.sources.kallsyms.empty())
    return internal::FindSymbols(state.sources.kallsyms, symbols);
  if (!state.is_running)
    return Unknown("symbols", "the symbols of the described kernel are not given", "");
  constexpr const char* kPath = "/proc/kallsyms";
  const auto file = state.kernel->ReadFile(kPath, kMaxSymbols);
  if (!file) return std::unexpected(SystemError(file.error(), "read kernel symbols", kPath));
  return internal::FindSymbols(
      std::string_view(reinterpret_cast<const char*>(file->data()), file->size()), symbols);
}

}  // namespace purebpf
