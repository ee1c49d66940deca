#include "purebpf/tools/xconnect/daemon.h"

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <optional>
#include <string>
#include <utility>

#include "purebpf/bpf/try.h"
#include "purebpf/netlink/link.h"
#include "purebpf/tools/xconnect/config_file.h"
#include "purebpf/tools/xconnect/engine.h"
#include "purebpf/tools/xconnect/signals.h"
#include "purebpf/tools/xconnect/watch.h"

namespace purebpf::xconnect {
namespace {

class Daemon {
 public:
  // Everything that can fail before anything is attached.
  static Result<Daemon> Open(Kernel& kernel, const Options& options, Report& report) {
    Signals signals = PUREBPF_TRY(Signals::Open(kernel));
    FileWatch watch = PUREBPF_TRY(FileWatch::Open(kernel, options.config));
    // Before the first list of links, so that no change falls between.
    netlink::LinkMonitor links = PUREBPF_TRY(netlink::LinkMonitor::Open(kernel));
    Engine engine =
        PUREBPF_TRY(Engine::Open(kernel, {.mode = options.mode, .force = options.force}, report));
    return Daemon(kernel, options, report, std::move(signals), std::move(watch), std::move(links),
                  std::move(engine));
  }

  int Run() {
    if (!Load(Cause::kStart)) {
      static_cast<void>(engine_.Stop());  // nothing, unless undoing failed as well
      return 1;
    }
    report_->Tell(Started(options_->config, engine_.counts(), PolicyName(options_->mode)));
    const std::string_view cause = Loop();
    const Engine::StopResult stopped = engine_.Stop();
    report_->Tell(Stopped(cause, stopped.detached));
    return stopped.clean && !failed_ ? 0 : 1;
  }

 private:
  Daemon(Kernel& kernel, const Options& options, Report& report, Signals signals, FileWatch watch,
         netlink::LinkMonitor links, Engine engine)
      : kernel_(&kernel),
        options_(&options),
        report_(&report),
        signals_(std::move(signals)),
        watch_(std::move(watch)),
        links_(std::move(links)),
        engine_(std::move(engine)) {}

  // Why it ended.
  std::string_view Loop() {
    while (true) {
      std::array<Pollable, 3> ready = {
          {{.fd = signals_.fd()}, {.fd = watch_.fd()}, {.fd = links_.fd()}}};
      const SysResult<size_t> waited = kernel_->Wait(ready, debounce_.Remaining(Now()));
      if (!waited && waited.error().value != EINTR) {
        failed_ = true;
        report_->Tell(Failed(SystemError(waited.error(), "wait for events", "")));
        return "an error";
      }
      const auto& [signals, file, links] = ready;
      if (signals.readable)
        if (const std::optional<int> end = TakeSignals()) return Signals::NameOf(*end);
      const bool quiet = waited == size_t{0};  // for as long as there was left
      if (file.readable) {
        debounce_.Note(watch_.Read(), Now());
        TellOfWatching();
      }
      if (const auto remaining = debounce_.Remaining(Now());
          remaining && (quiet || remaining->count() == 0))
        static_cast<void>(Load(Cause::kFile));
      if (links.readable) TakeLinks();
    }
  }

  static Debounce::Time Now() { return std::chrono::steady_clock::now(); }

  // The one that ends the process, where it came.
  std::optional<int> TakeSignals() {
    bool reload = false;
    while (const std::optional<int> signal = signals_.Read()) {
      if (*signal != SIGHUP) return signal;
      reload = true;
    }
    if (reload) static_cast<void>(Load(Cause::kSignal));
    return std::nullopt;
  }

  // Once, when the file is out of sight.
  void TellOfWatching() {
    if (watching_ && !watch_.armed())
      report_->Tell(Failed({.code = Code::kPermission,
                            .operation = "watch",
                            .object = options_->config,
                            .detail = "a folder on the way cannot be watched any more",
                            .hint = "SIGHUP reads the file"}));
    watching_ = watch_.armed();
  }

  void TakeLinks() {
    const Result<std::vector<netlink::LinkEvent>> events = links_.Read();
    if (events) return engine_.OnLinks(*events);
    // Events were lost: look at everything.
    if (events.error().sys_errno != ENOBUFS) report_->Tell(Failed(events.error()));
    engine_.OnLostEvents();
  }

  bool Load(Cause cause) {
    debounce_.Clear();
    const Result<std::string> text = ReadConfigFile(*kernel_, options_->config);
    // What was read, or why not, word for word.
    std::string seen = text ? "=" + *text : "!" + text.error().ToString();
    if (cause == Cause::kFile && seen == seen_) return true;
    seen_ = std::move(seen);
    if (!text) return Refuse(Refused(options_->config, text.error()));
    const auto config = ParseConfig(*text);
    if (!config) return Refuse(Refused(options_->config, config.error()));
    const Result<Changes> changes = engine_.Apply(*config, cause);
    if (!changes) {
      // It is sound, and may be applied when it comes again: what was in its way may have gone.
      seen_.clear();
      return Refuse(Refused(options_->config, changes.error()));
    }
    if (cause != Cause::kStart)
      report_->Tell(Reloaded(options_->config, *changes, engine_.counts()));
    return true;
  }

  bool Refuse(const Event& event) {
    report_->Tell(event);
    return false;
  }

  Kernel* kernel_;
  const Options* options_;
  Report* report_;
  Signals signals_;
  FileWatch watch_;
  netlink::LinkMonitor links_;
  Engine engine_;
  Debounce debounce_;
  std::string seen_;  // the file when it was last read
  bool failed_ = false;
  bool watching_ = true;
};

}  // namespace

int RunDaemon(Kernel& kernel, const Options& options, Report& report) {
  Result<Daemon> daemon = Daemon::Open(kernel, options, report);
  if (daemon) return daemon->Run();
  report.Tell(Failed(daemon.error()));
  return 1;
}

}  // namespace purebpf::xconnect
