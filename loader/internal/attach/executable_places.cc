#include "purebpf/loader/internal/attach/executable_places.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <limits>
#include <optional>
#include <utility>

#include "purebpf/bpf/bytes.h"
#include "purebpf/bpf/try.h"
#include "purebpf/elf/executable.h"
#include "purebpf/elf/executable_reduce.h"
#include "purebpf/elf/text.h"
#include "purebpf/loader/internal/attach/place.h"

namespace purebpf::internal {
namespace {

using elf::Concat;
using elf::Executable;
using elf::FunctionSymbol;
using elf::Hex;
using elf::Printable;
using elf::Quoted;

constexpr size_t kMaxFileBytes = size_t{1} << 30;
// kernel/trace/bpf_trace.c: MAX_UPROBE_MULTI_CNT.
constexpr size_t kMaxPlaces = size_t{1} << 20;

// Where systems have libraries and programs: Debian's folders by architecture, then what others
// have.
constexpr const char* kLibraryFolders[] = {
#if defined(__x86_64__)
    "/usr/lib/x86_64-linux-gnu/",
    "/lib/x86_64-linux-gnu/",
#elif defined(__aarch64__)
    "/usr/lib/aarch64-linux-gnu/",
    "/lib/aarch64-linux-gnu/",
#elif defined(__riscv)
    "/usr/lib/riscv64-linux-gnu/",
    "/lib/riscv64-linux-gnu/",
#endif
    "/usr/lib64/",
    "/lib64/",
    "/usr/lib/",
    "/lib/",
};
constexpr const char* kProgramFolders[] = {"/usr/bin/", "/usr/sbin/", "/bin/", "/sbin/"};

[[gnu::cold]] Error Failed(Code code, std::string_view object, std::string detail,
                           std::string hint = {}) {
  return {.code = code,
          .operation = "find function",
          .object = Printable(object),
          .detail = std::move(detail),
          .hint = std::move(hint)};
}

struct Words {
  std::string_view file;
  std::string_view function;
};

Result<Words> Split(std::string_view text) {
  const size_t colon = text.find(':');
  if (colon == 0 || colon == std::string_view::npos || colon + 1 == text.size())
    return std::unexpected(Failed(Code::kInvalidArgument, text,
                                  "that is no file, ':' and function in it",
                                  "/usr/bin/bash:readline, libc.so.6:malloc"));
  return Words{.file = text.substr(0, colon), .function = text.substr(colon + 1)};
}

// An executable file, and which of its functions were of interest: a recording keeps those.
class OpenedFile {
 public:
  static Result<OpenedFile> Open(Kernel& kernel, std::string_view file) {
    if (file.find('/') != std::string_view::npos) return OpenAt(kernel, std::string(file));
    const bool library = file.find(".so") != std::string_view::npos;
    const auto folders = library ? std::span<const char* const>(kLibraryFolders)
                                 : std::span<const char* const>(kProgramFolders);
    for (const char* folder : folders) {
      auto opened = OpenAt(kernel, std::string(folder).append(file));
      if (opened || opened.error().sys_errno != ENOENT) return opened;
    }
    std::string looked;
    for (const char* folder : folders) (looked += looked.empty() ? "" : " ") += folder;
    return std::unexpected(Failed(
        Code::kNotFound, file, "there is no such file in any of " + looked, "give its whole path"));
  }
  OpenedFile(OpenedFile&& other) noexcept
      : kernel_(std::exchange(other.kernel_, nullptr)),
        path_(std::move(other.path_)),
        view_(other.view_),
        executable_(std::move(other.executable_)),
        kept_(std::move(other.kept_)) {}
  OpenedFile& operator=(OpenedFile&&) = delete;
  ~OpenedFile() {
    if (kernel_ == nullptr) return;
    kernel_->CloseFile(view_, [this]() -> std::vector<std::byte> {
      if (executable_) return elf::ReduceExecutable(*executable_, kept_);
      return {view_.begin(), view_.end()};
    });
  }

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] const Executable& executable() const { return *executable_; }

  // The functions whose names `wants` says yes to.
  template <typename F>
  Result<std::span<const FunctionSymbol>> Functions(F wants) {
    const auto read = executable_->EachFunction([&](const FunctionSymbol& function) {
      if (wants(function.name)) kept_.push_back(function);
    });
    if (!read) return std::unexpected(Damaged(read.error()));
    return kept_;
  }

 private:
  OpenedFile(Kernel& kernel, std::string path, Bytes view)
      : kernel_(&kernel), path_(std::move(path)), view_(view) {}

  static Result<OpenedFile> OpenAt(Kernel& kernel, std::string path) {
    const auto view = kernel.OpenFile(path, kMaxFileBytes);
    if (!view) return std::unexpected(SystemError(view.error(), "read", path));
    OpenedFile file(kernel, std::move(path), *view);
    auto parsed = Executable::Parse(*view);
    if (!parsed) return std::unexpected(file.Damaged(parsed.error()));
    file.executable_ = std::move(*parsed);
    return file;
  }
  [[nodiscard, gnu::cold]] Error Damaged(const elf::ParseError& error) const {
    return Failed(error.unsupported ? Code::kUnsupported : Code::kMalformed, path_, error.message);
  }

  Kernel* kernel_;
  std::string path_;
  Bytes view_;
  std::optional<Executable> executable_;
  std::vector<FunctionSymbol> kept_;
};

// Lower is better: what programs are linked with today comes before older versions, what other
// files see before what is only this one's.
int Rank(const FunctionSymbol& function) {
  const int binding = function.binding == elf::SymbolBinding::kLocal  ? 2
                      : function.binding == elf::SymbolBinding::kWeak ? 1
                                                                      : 0;
  return (function.old ? 4 : 0) + binding;
}

Result<uint64_t> OffsetOf(const OpenedFile& file, const FunctionSymbol& function) {
  if (const auto offset = file.executable().FileOffset(function.address)) return *offset;
  return std::unexpected(
      Failed(Code::kMalformed, file.path(),
             Concat({"function ", Quoted(function.name), " at ", Hex(function.address),
                     " lies in no segment that is executed"})));
}

// The one function of that name.
Result<FunctionSymbol> TheFunction(OpenedFile& file, std::string_view name) {
  Nearest nearest(name);
  const auto functions = PUREBPF_TRY(
      file.Functions([&](std::string_view each) { return each == name || nearest.IsNear(each); }));
  const FunctionSymbol* best = nullptr;
  bool several = false;
  bool imported = false;
  for (const FunctionSymbol& each : functions) {
    if (each.name != name) {
      if (each.defined) nearest.Offer(each.name);
    } else if (!each.defined) {
      imported = true;
    } else if (best == nullptr || Rank(each) < Rank(*best)) {
      best = &each;
      several = false;
    } else if (Rank(each) == Rank(*best) && each.address != best->address) {
      several = true;
    }
  }
  const std::string quoted = Quoted(name);
  if (best == nullptr && imported)
    return std::unexpected(Failed(Code::kNotFound, file.path(),
                                  "function " + quoted + " is another file's, which this one uses",
                                  "name the library that has it: libc.so.6:" + Printable(name)));
  if (best == nullptr)
    return std::unexpected(
        Failed(Code::kNotFound, file.path(), "it has no function " + quoted + nearest.Words(),
               file.executable().has_symbols()
                   ? "a stripped file has only what it gives to others; attach to an offset with "
                     "UprobeTarget"
                   : "the file has no symbols at all: attach to an offset with UprobeTarget"));
  if (several)
    return std::unexpected(Failed(Code::kConflict, file.path(),
                                  "several functions are called " + quoted,
                                  "attach to the offset of one with UprobeTarget, or to all with "
                                  "uprobe.multi and a pattern"));
  if (best->resolver)
    return std::unexpected(
        Failed(Code::kUnsupported, file.path(),
               "which function " + quoted + " is, is chosen when a program starts (STT_GNU_IFUNC)",
               "attach to those that it chooses among"));
  return *best;
}

}  // namespace

Result<FilePlaces> FindFilePlace(Kernel& kernel, std::string_view text, bool whole) {
  const Words words = PUREBPF_TRY(Split(text));
  // C++ has names with a '+' that no number follows.
  const Place place =
      SplitOffset(words.function).value_or(Place{.name = words.function, .offset = 0});
  if (whole && place.offset != 0)
    return std::unexpected(Failed(Code::kInvalidArgument, text, "a return is of the whole function",
                                  "leave the offset out, or make it a uprobe"));
  if (IsPattern(place.name))
    return std::unexpected(Failed(Code::kInvalidArgument, text, "a uprobe is in one function",
                                  "uprobe.multi takes patterns"));
  OpenedFile file = PUREBPF_TRY(OpenedFile::Open(kernel, words.file));
  const FunctionSymbol function = PUREBPF_TRY(TheFunction(file, place.name));
  if (function.size != 0 && place.offset >= function.size)
    return std::unexpected(
        Failed(Code::kInvalidArgument, file.path(),
               Concat({"offset ", Hex(place.offset), " is past function ", Quoted(place.name),
                       ", which has ", Hex(function.size), " bytes"})));
  const uint64_t offset = PUREBPF_TRY(OffsetOf(file, function));
  if (place.offset > std::numeric_limits<uint64_t>::max() - offset)
    return std::unexpected(Failed(Code::kInvalidArgument, file.path(),
                                  Concat({"offset ", Hex(place.offset), " is past every file"})));
  return FilePlaces{.path = file.path(), .offsets = {offset + place.offset}};
}

Result<FilePlaces> FindFilePlaces(Kernel& kernel, std::string_view text) {
  const Words words = PUREBPF_TRY(Split(text));
  OpenedFile file = PUREBPF_TRY(OpenedFile::Open(kernel, words.file));
  FilePlaces places{.path = file.path(), .offsets = {}};
  if (!IsPattern(words.function)) {
    const FunctionSymbol function = PUREBPF_TRY(TheFunction(file, words.function));
    places.offsets.push_back(PUREBPF_TRY(OffsetOf(file, function)));
    return places;
  }
  const auto functions = PUREBPF_TRY(
      file.Functions([&](std::string_view each) { return Matches(words.function, each); }));
  for (const FunctionSymbol& each : functions)
    if (each.defined && !each.resolver && !each.old)
      places.offsets.push_back(PUREBPF_TRY(OffsetOf(file, each)));
  // Functions may share an address, and may be in both symbol tables.
  std::ranges::sort(places.offsets);
  const auto again = std::ranges::unique(places.offsets);
  places.offsets.erase(again.begin(), again.end());
  if (places.offsets.empty())
    return std::unexpected(Failed(Code::kNotFound, file.path(),
                                  "none of its functions matches " + Quoted(words.function),
                                  "a stripped file has only what it gives to others"));
  if (places.offsets.size() > kMaxPlaces)
    return std::unexpected(
        Failed(Code::kInvalidArgument, file.path(),
               Concat({elf::Decimal(places.offsets.size()), " functions match, the kernel takes ",
                       elf::Decimal(kMaxPlaces)})));
  return places;
}

}  // namespace purebpf::internal
