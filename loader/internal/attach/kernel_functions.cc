#include "purebpf/loader/internal/attach/kernel_functions.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <optional>
#include <system_error>
#include <utility>

#include "purebpf/bpf/bytes.h"
#include "purebpf/bpf/try.h"
#include "purebpf/loader/internal/attach/place.h"

namespace purebpf::internal {
namespace {

// The second where an older system mounted it, before Linux 4.1.
constexpr const char* kTracefs[] = {"/sys/kernel/tracing", "/sys/kernel/debug/tracing"};
constexpr const char* kNotMounted =
    "tracefs is not mounted: mount -t tracefs tracefs "
    "/sys/kernel/tracing";
constexpr size_t kMaxListBytes = size_t{64} << 20;  // Debian's has 4 MB, with addresses
// kernel/trace/bpf_trace.c: MAX_KPROBE_MULTI_CNT.
constexpr size_t kMaxFunctions = size_t{1} << 20;
// What the compiler made of weak functions that were replaced: kernel/trace/ftrace.c.
constexpr std::string_view kInvalid = "__ftrace_invalid_address__";

// A list of tracefs. A recording keeps the lines that were of interest.
class List {
 public:
  // ENOENT where neither mount has it.
  static SysResult<List> Open(Kernel& kernel, const char* name) {
    Errno answer{ENOENT};
    for (const char* tracefs : kTracefs) {
      const auto view = kernel.OpenFile(std::string(tracefs) + "/" + name, kMaxListBytes);
      if (view) return List(kernel, *view);
      if (answer == Errno{ENOENT}) answer = view.error();
    }
    return std::unexpected(answer);
  }
  List(List&& other) noexcept
      : kernel_(std::exchange(other.kernel_, nullptr)),
        view_(other.view_),
        kept_(std::move(other.kept_)) {}
  List& operator=(List&&) = delete;
  ~List() {
    if (kernel_ == nullptr) return;
    kernel_->CloseFile(view_, [this] {
      const Bytes kept = std::as_bytes(std::span(kept_));
      return std::vector<std::byte>(kept.begin(), kept.end());
    });
  }

  // Whether `visit` says that a line is of interest.
  template <typename F>
  void Each(F visit) {
    std::string_view rest(reinterpret_cast<const char*>(view_.data()), view_.size());
    while (!rest.empty()) {
      const std::string_view line = rest.substr(0, rest.find('\n'));
      rest.remove_prefix(std::min(rest.size(), line.size() + 1));
      if (visit(line)) (kept_ += line) += '\n';
    }
  }

 private:
  List(Kernel& kernel, Bytes view) : kernel_(&kernel), view_(view) {}

  Kernel* kernel_;
  Bytes view_;
  std::string kept_;
};

// "vfs_read", "nft_do_chain [nf_tables]": what precedes the module.
std::string_view FunctionOf(std::string_view line) {
  return line.substr(0, line.find_first_of(" \t"));
}

// Whether the kernel tells addresses: "ffffffff81000000 vfs_read".
bool FindByAddress(Kernel& kernel, std::string_view pattern, std::vector<uint64_t>& addresses) {
  auto list = List::Open(kernel, "available_filter_functions_addrs");
  if (!list) return false;
  list->Each([&](std::string_view line) {
    const size_t space = line.find(' ');
    if (space == std::string_view::npos) return false;
    const std::string_view name = FunctionOf(line.substr(space + 1));
    std::string_view digits = line.substr(0, space);
    if (digits.starts_with("0x")) digits.remove_prefix(2);
    uint64_t address = 0;
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), address, 16);
    if (error != std::errc() || end != digits.data() + digits.size() || address == 0) return false;
    if (!Matches(pattern, name) || name.starts_with(kInvalid)) return false;
    addresses.push_back(address);
    return true;
  });
  return true;
}

SysResult<void> FindByName(Kernel& kernel, std::string_view pattern,
                           std::vector<std::string>& names) {
  auto list = List::Open(kernel, "available_filter_functions");
  if (!list) return std::unexpected(list.error());
  list->Each([&](std::string_view line) {
    const std::string_view name = FunctionOf(line);
    if (name.empty() || !Matches(pattern, name) || name.starts_with(kInvalid)) return false;
    names.emplace_back(name);
    return true;
  });
  // The kernel looks each up in a sorted list: the second of two equal ones it would never find
  // (kernel/trace/ftrace.c: ftrace_lookup_symbols).
  std::ranges::sort(names);
  const auto again = std::ranges::unique(names);
  names.erase(again.begin(), again.end());
  return {};
}

}  // namespace

Result<KernelFunctions> FindKernelFunctions(Kernel& kernel, std::string_view pattern) {
  const std::string object(pattern);
  KernelFunctions found;
  if (!FindByAddress(kernel, pattern, found.addresses)) {
    if (const auto named = FindByName(kernel, pattern, found.names); !named) {
      Error error = SystemError(named.error(), "find functions", object);
      error.detail = "the functions that may be traced are in tracefs's available_filter_functions";
      error.hint = named.error() == Errno{ENOENT}
                       ? std::string(kNotMounted) + "; or the kernel has no CONFIG_DYNAMIC_FTRACE"
                       : "tracefs is for root alone, unless it is mounted otherwise";
      return std::unexpected(std::move(error));
    }
  }
  const size_t count = found.addresses.size() + found.names.size();
  if (count == 0)
    return std::unexpected(
        Error{.code = Code::kNotFound,
              .operation = "find functions",
              .object = object,
              .detail = "no function of this kernel that may be traced matches",
              .hint = "tracefs's available_filter_functions has all of them; * stands for any "
                      "characters, ? for one"});
  if (count > kMaxFunctions)
    return std::unexpected(Error{.code = Code::kInvalidArgument,
                                 .operation = "find functions",
                                 .object = object,
                                 .detail = std::to_string(count) +
                                           " functions match, the kernel "
                                           "takes " +
                                           std::to_string(kMaxFunctions)});
  return found;
}

std::string NearKernelFunctions(Kernel& kernel, std::string_view name) {
  auto list = List::Open(kernel, "available_filter_functions");
  if (!list) return {};
  Nearest nearest(name);
  list->Each([&](std::string_view line) {
    const std::string_view function = FunctionOf(line);
    if (!nearest.IsNear(function)) return false;
    nearest.Offer(function);
    return true;
  });
  return nearest.Words();
}

std::string NearTracepoints(Kernel& kernel, const std::string& group, const std::string& name) {
  for (const char* tracefs : kTracefs) {
    const std::string events = std::string(tracefs) + "/events";
    const auto groups = kernel.ListFolder(events);
    if (!groups) continue;
    const bool known = std::ranges::binary_search(*groups, group);
    const auto names = known ? kernel.ListFolder(events + "/" + group) : groups;
    Nearest nearest(known ? name : group);
    if (names)
      for (const std::string& each : *names) nearest.Offer(each);
    return (known ? "group " + group + " has no such tracepoint" : "there is no such group") +
           nearest.Words();
  }
  return kNotMounted;
}

}  // namespace purebpf::internal
