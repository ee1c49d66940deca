#include "purebpf/tools/xconnect/event.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <string>

#include "purebpf/tools/xconnect/report.h"

namespace purebpf::xconnect {
namespace {

const Pair kPair{.a = "eth0", .b = "tap0"};
const Action kAttach{.verb = Verb::kAttach, .index = 7, .name = "eth0", .mode = XdpMode::kNative};
const Action kTakeOver{.verb = Verb::kAttach,
                       .index = 7,
                       .name = "eth0",
                       .over = Occupant::kLeftover,
                       .over_program = 9};
const Action kReplace{.verb = Verb::kAttach,
                      .index = 7,
                      .name = "eth0",
                      .over = Occupant::kForeign,
                      .over_program = 9};

struct Case {
  Event event;
  bool error;
  std::string_view text;
  std::string_view json;
};

TEST(Event, IsOneLineForPeopleOrForMachines) {
  const Case cases[] = {
      {Started("/etc/x", {.connected = 2, .waiting = 1}, "auto"), false,
       "xconnect: started with /etc/x (auto): 2 connected, 1 waiting\n",
       R"({"event":"started","config":"/etc/x","mode":"auto","connected":2,"waiting":1,"blocked":0})"},
      {Reloaded("/etc/x", {.added = 1, .removed = 2, .unchanged = 3},
                {.connected = 4, .waiting = 5, .blocked = 6}),
       false,
       "xconnect: reloaded /etc/x: 1 added, 2 removed, 3 unchanged; 4 connected, 5 waiting, 6 "
       "blocked\n",
       R"({"event":"reloaded","config":"/etc/x","added":1,"removed":2,"unchanged":3,"connected":4,"waiting":5,"blocked":6})"},
      {Stopped("SIGTERM", 4), false, "xconnect: stopped by SIGTERM: 4 detached\n",
       R"({"event":"stopped","cause":"SIGTERM","detached":4})"},
      {Connected(kPair), false, "xconnect: connected eth0 <-> tap0\n",
       R"({"event":"connected","a":"eth0","b":"tap0"})"},
      {Waiting(kPair, "no interface tap0"), false,
       "xconnect: waiting eth0 <-> tap0: no interface tap0\n",
       R"({"event":"waiting","a":"eth0","b":"tap0","reason":"no interface tap0"})"},
      {Blocked(kPair, "why"), true, "xconnect: blocked eth0 <-> tap0: why\n",
       R"({"event":"blocked","a":"eth0","b":"tap0","reason":"why"})"},
      {Disconnected(kPair, "why"), false, "xconnect: disconnected eth0 <-> tap0: why\n",
       R"({"event":"disconnected","a":"eth0","b":"tap0","reason":"why"})"},
      {Attached(kAttach), false, "xconnect: attached to eth0 (native)\n",
       R"({"event":"attached","interface":"eth0","ifindex":7,"mode":"native"})"},
      {Attached(kTakeOver), false,
       "xconnect: attached to eth0 (skb), taking over from an earlier xconnect's program id 9\n",
       R"({"event":"attached","interface":"eth0","ifindex":7,"mode":"skb","replaced":"xconnect","replaced_program":9})"},
      {Attached(kReplace), false, "xconnect: attached to eth0 (skb), in place of program id 9\n",
       R"({"event":"attached","interface":"eth0","ifindex":7,"mode":"skb","replaced":"other","replaced_program":9})"},
      {Detached(kAttach), false, "xconnect: detached from eth0\n",
       R"({"event":"detached","interface":"eth0","ifindex":7})"},
      {Displaced("eth0", 7, 9, "stranger"), true,
       "xconnect: eth0: xconnect's program was taken off by somebody who attached program id 9 "
       "'stranger'; left alone until SIGHUP\n",
       R"({"event":"displaced","interface":"eth0","ifindex":7,"program":9,"program_name":"stranger"})"},
      {Displaced("eth0", 7, 0, ""), true,
       "xconnect: eth0: xconnect's program was taken off; left alone until SIGHUP\n",
       R"({"event":"displaced","interface":"eth0","ifindex":7,"program":0})"},
      {Appeared("eth0", 7), false, "xconnect: interface eth0 appeared\n",
       R"({"event":"appeared","interface":"eth0","ifindex":7})"},
      {Recreated("eth0", 7), false, "xconnect: interface eth0 was made anew\n",
       R"({"event":"recreated","interface":"eth0","ifindex":7})"},
      {Gone("eth0"), false, "xconnect: interface eth0 is gone\n",
       R"({"event":"gone","interface":"eth0"})"},
      {Refused("/etc/x", ConfigError{3, 5, "expected \"more\""}), true,
       "xconnect: refused /etc/x:3:5: expected \"more\"\n",
       R"({"event":"refused","config":"/etc/x","line":3,"column":5,"error":"expected \"more\""})"},
      {Refused(
           "/etc/x",
           Error{.code = Code::kNotFound, .operation = "read", .object = "/etc/x", .sys_errno = 2}),
       true, "xconnect: refused /etc/x: read '/etc/x': ENOENT (No such file or directory)\n",
       R"json({"event":"refused","config":"/etc/x","line":0,"column":0,"error":"read '/etc/x': ENOENT (No such file or directory)"})json"},
      {Failed(Error{.operation = "wait", .detail = "why"}), true, "xconnect: failed: wait: why\n",
       R"({"event":"failed","error":"wait: why"})"},
      {Would(kPair, {.standing = Standing::kConnected}), false,
       "xconnect: would connect eth0 <-> tap0\n",
       R"({"event":"would_connect","a":"eth0","b":"tap0"})"},
      {Would(kPair, {.standing = Standing::kWaiting, .reason = "why"}), false,
       "xconnect: would wait to connect eth0 <-> tap0: why\n",
       R"({"event":"would_wait","a":"eth0","b":"tap0","reason":"why"})"},
      {Would(kPair, {.standing = Standing::kBlocked, .reason = "why"}), true,
       "xconnect: would refuse to connect eth0 <-> tap0: why\n",
       R"({"event":"would_refuse","a":"eth0","b":"tap0","reason":"why"})"},
      {WouldAttach(kAttach), false, "xconnect: would attach to eth0 (native)\n",
       R"({"event":"would_attach","interface":"eth0","ifindex":7,"mode":"native"})"},
      {Needed({.needed = {Capability::kBpf, Capability::kNetAdmin}}), false,
       "xconnect: needs CAP_BPF and CAP_NET_ADMIN\n",
       R"({"event":"needs","capabilities":"CAP_BPF CAP_NET_ADMIN"})"},
      {Needed({.needed = {Capability::kBpf, Capability::kNetAdmin},
               .missing = {{}},
               .sees_programs = true}),
       false, "xconnect: needs CAP_BPF and CAP_NET_ADMIN: this process has them\n",
       R"({"event":"needs","capabilities":"CAP_BPF CAP_NET_ADMIN","missing":""})"},
      {Needed({.needed = {Capability::kBpf, Capability::kNetAdmin},
               .missing = {{Capability::kNetAdmin}}}),
       true,
       "xconnect: needs CAP_BPF and CAP_NET_ADMIN: this process lacks CAP_NET_ADMIN; without "
       "CAP_SYS_ADMIN every program that is attached already counts as foreign\n",
       R"({"event":"needs","capabilities":"CAP_BPF CAP_NET_ADMIN","missing":"CAP_NET_ADMIN"})"},
      {Checked("/etc/x", {.connected = 1, .waiting = 2, .blocked = 3}), false,
       "xconnect: /etc/x is valid: 6 pairs, 1 would be connected, 2 would wait, 3 would be "
       "refused\n",
       R"({"event":"checked","config":"/etc/x","connected":1,"waiting":2,"blocked":3})"},
  };
  for (const Case& row : cases) {
    SCOPED_TRACE(row.json);
    EXPECT_EQ(ToText(row.event), row.text);
    EXPECT_EQ(ToJson(row.event), std::string(row.json) + "\n");
    EXPECT_EQ(row.event.error, row.error);
  }
}

// The kernel lets an interface's name hold anything but '/', ':' and white space.
TEST(Event, CannotBeForgedByAName) {
  struct Row {
    std::string name;
    std::string_view text;
    std::string_view json;
  };
  const Row rows[] = {
      {"a\nb", "interface a?b is gone", R"("interface":"a\nb")"},
      {"a\tb", "interface a?b is gone", R"("interface":"a\tb")"},
      {"\x1b[31m", "interface ?[31m is gone", R"("interface":"\u001b[31m")"},
      {"a\x7f", "interface a? is gone", R"("interface":"a\u007f")"},
      {"\"\\", "interface \"\\ is gone", R"("interface":"\"\\")"},
      {"\xC3\xA9", "interface \xC3\xA9 is gone", "\"interface\":\"\xC3\xA9\""},
      {"\xC3(", "interface ?( is gone", R"json("interface":"\ufffd(")json"},
      {"\xFF", "interface ? is gone", R"("interface":"\ufffd")"},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.json);
    EXPECT_EQ(ToText(Gone(row.name)), "xconnect: " + std::string(row.text) + "\n");
    EXPECT_EQ(ToJson(Gone(row.name)), R"({"event":"gone",)" + std::string(row.json) + "}\n");
  }
}

class Pipe {
 public:
  Pipe() { EXPECT_EQ(pipe(fds_), 0); }
  ~Pipe() {
    close(fds_[1]);
    CloseReader();
  }
  void CloseReader() {
    if (fds_[0] >= 0) close(fds_[0]);
    fds_[0] = -1;
  }
  int writer() const { return fds_[1]; }
  std::string Read() {
    char buffer[4096];
    const ssize_t size = read(fds_[0], buffer, sizeof buffer);
    return std::string(buffer, size > 0 ? static_cast<size_t>(size) : 0);
  }

 private:
  int fds_[2] = {-1, -1};
};

TEST(Report, SendsErrorsElsewhere) {
  Pipe out;
  Pipe error;
  LineReport report(Format::kText, out.writer(), error.writer());
  report.Tell(Connected(kPair));
  report.Tell(Blocked(kPair, "why"));
  EXPECT_EQ(out.Read(), "xconnect: connected eth0 <-> tap0\n");
  EXPECT_EQ(error.Read(), "xconnect: blocked eth0 <-> tap0: why\n");
}

TEST(Report, GoesOnWhenTheReaderIsGone) {
  signal(SIGPIPE, SIG_IGN);
  Pipe out;
  out.CloseReader();
  LineReport report(Format::kJson, out.writer(), out.writer());
  report.Tell(Connected(kPair));
}

TEST(Report, DoesNotWaitForAReaderThatSleeps) {
  Pipe out;
  const std::string much(1U << 20, 'x');  // no pipe holds this
  WriteAll(out.writer(), much);
  EXPECT_FALSE(out.Read().empty());
}

}  // namespace
}  // namespace purebpf::xconnect
