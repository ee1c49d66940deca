#include "purebpf/tests/support/every_call.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <string_view>
#include <vector>

#include "purebpf/bpf/attr.h"
#include "purebpf/bpf/attr_link.h"
#include "purebpf/bpf/call.h"
#include "purebpf/tests/support/byte_writer.h"

namespace purebpf::testing {
namespace {

constexpr size_t kPage = 4096;
constexpr size_t kMost = size_t{1} << 20;
constexpr uint32_t kEventSetBpf = 0x40042408;  // PERF_EVENT_IOC_SET_BPF
constexpr int kAttachBpf = 50;                 // SO_ATTACH_BPF, at SOL_SOCKET
constexpr int kSocketLevel = 1;
constexpr int kMemlock = 8;  // RLIMIT_MEMLOCK

Bytes TextBytes(std::string_view text) { return std::as_bytes(std::span(text)); }

// What a caller does with a kernel: keeps what it got.
class Caller {
 public:
  explicit Caller(Kernel& kernel) : kernel_(kernel) {}

  std::string Run() {
    Maps();
    Programs();
    Objects();
    Files();
    Events();
    Memory();
    Network();
    Limits();
    for (auto fd = open_.rbegin(); fd != open_.rend(); ++fd) kernel_.Close(*fd);
    return std::move(got_);
  }

 private:
  void Got(std::string_view what, Bytes bytes = {}) {
    got_.append(what);
    for (const std::byte byte : bytes)
      got_.append(1, ' ').append(std::to_string(std::to_integer<int>(byte)));
    got_ += '\n';
  }
  template <typename T>
  bool Took(std::string_view call, const SysResult<T>& result) {
    Got(std::string(call) +
        (result ? " done" : " " + std::string(ErrnoName(result.error().value))));
    return result.has_value();
  }
  int Opened(std::string_view call, const SysResult<int>& fd) {
    if (!Took(call, fd)) return -1;
    open_.push_back(*fd);
    return *fd;
  }
  int MakeMap(MapType type, uint32_t key_size, uint32_t value_size, uint32_t entries) {
    MapCreateAttr attr{.map_type = static_cast<uint32_t>(type),
                       .key_size = key_size,
                       .value_size = value_size,
                       .max_entries = entries};
    std::memcpy(attr.map_name.data(), "counts", 6);
    return Opened("map", BpfCall(Command::kMapCreate, attr).Issue(kernel_));
  }

  void Maps() {
    map_ = MakeMap(MapType::kHash, 4, 8, 16);
    const int outer = MakeMap(MapType::kArrayOfMaps, 4, 4, 1);
    std::array<std::byte, 4> key{std::byte{1}};
    std::array<std::byte, 8> value{};
    for (const Command command : {Command::kMapLookupElem, Command::kMapUpdateElem,
                                  Command::kMapDeleteElem, Command::kMapGetNextKey}) {
      MapElemAttr attr{.map_fd = static_cast<uint32_t>(map_)};
      BpfCall call(command, attr);
      call.In(&MapElemAttr::key, key);
      if (command == Command::kMapUpdateElem) call.In(&MapElemAttr::value, value);
      if (command == Command::kMapLookupElem) call.Out(&MapElemAttr::value, value);
      if (command == Command::kMapGetNextKey)
        call.Out(&MapElemAttr::value, MutableBytes(value).first(4));
      Took("element", call.Issue(kernel_));
      Got("value", value);
    }
    MapElemAttr put{.map_fd = static_cast<uint32_t>(outer)};
    const auto inner = static_cast<uint32_t>(map_);
    Took("inner map", BpfCall(Command::kMapUpdateElem, put)
                          .In(&MapElemAttr::key, key)
                          .In(&MapElemAttr::value, BytesOf(inner))
                          .Issue(kernel_));
    std::array<std::byte, 4> cursor{};
    std::array<std::byte, 16> keys{};
    std::array<std::byte, 32> values{};
    MapBatchAttr batch{.count = 4, .map_fd = static_cast<uint32_t>(map_)};
    BpfCall call(Command::kMapLookupBatch, batch);
    call.Out(&MapBatchAttr::out_batch, cursor).Out(&MapBatchAttr::keys, keys);
    Took("batch", call.Out(&MapBatchAttr::values, values).Issue(kernel_));
    Got("count " + std::to_string(batch.count), keys);
    Got("values", values);
    MapFreezeAttr freeze{.map_fd = static_cast<uint32_t>(map_)};
    Took("freeze", BpfCall(Command::kMapFreeze, freeze).Issue(kernel_));
  }

  void Programs() {
    std::vector<std::byte> types(24, std::byte{1});
    BtfLoadAttr btf{.btf_size = static_cast<uint32_t>(types.size())};
    const int btf_fd =
        Opened("btf", BpfCall(Command::kBtfLoad, btf).In(&BtfLoadAttr::btf, types).Issue(kernel_));
    const std::array<uint64_t, 4> code = {0x1018 | (static_cast<uint64_t>(map_) << 32), 0, 0xb7,
                                          0x95};
    std::array<std::byte, 256> log{};
    ProgLoadAttr load{.prog_type = static_cast<uint32_t>(ProgType::kXdp),
                      .insn_cnt = 4,
                      .log_level = 1,
                      .log_size = log.size(),
                      .prog_btf_fd = static_cast<uint32_t>(btf_fd),
                      .func_info_rec_size = 8,
                      .func_info_cnt = 1};
    const std::array<uint32_t, 2> functions = {0, 3};
    program_ = Opened("program", BpfCall(Command::kProgLoad, load)
                                     .In(&ProgLoadAttr::insns, BytesOf(code))
                                     .In(&ProgLoadAttr::license, TextBytes({"GPL\0", 4}))
                                     .Out(&ProgLoadAttr::log_buf, log)
                                     .In(&ProgLoadAttr::func_info, BytesOf(functions))
                                     .Issue(kernel_));
    const auto end = std::ranges::find(log, std::byte{0});
    Got(std::string(reinterpret_cast<const char*>(log.data()),
                    static_cast<size_t>(end - log.begin())));
    const std::vector<std::byte> packet(64, std::byte{9});
    std::array<std::byte, 64> out{};
    TestRunAttr run{.prog_fd = static_cast<uint32_t>(program_),
                    .data_size_in = 64,
                    .data_size_out = 64,
                    .repeat = 1};
    BpfCall call(Command::kProgTestRun, run);
    call.In(&TestRunAttr::data_in, packet).Out(&TestRunAttr::data_out, out);
    Took("run", call.Issue(kernel_));
    Got("verdict " + std::to_string(run.retval), out);
  }

  void Objects() {
    for (const int fd : {map_, program_}) {
      std::array<std::byte, 256> info{};
      GetInfoByFdAttr attr{.bpf_fd = static_cast<uint32_t>(fd), .info_len = info.size()};
      BpfCall call(Command::kObjGetInfoByFd, attr);
      Took("info", call.InOut(&GetInfoByFdAttr::info, info).Issue(kernel_));
      Got("of " + std::to_string(attr.info_len));
    }
    ObjAttr pin{.bpf_fd = static_cast<uint32_t>(map_)};
    constexpr std::string_view kPath("/sys/fs/bpf/x\0", 14);
    Took("pin",
         BpfCall(Command::kObjPin, pin).In(&ObjAttr::pathname, TextBytes(kPath)).Issue(kernel_));
    ObjAttr get{};
    Opened("pinned",
           BpfCall(Command::kObjGet, get).In(&ObjAttr::pathname, TextBytes(kPath)).Issue(kernel_));
    GetFdByIdAttr next{.id = 0};
    Took("next", BpfCall(Command::kMapGetNextId, next).Issue(kernel_));
    GetFdByIdAttr by_id{.id = next.next_id};
    Opened("by id", BpfCall(Command::kMapGetFdById, by_id).Issue(kernel_));
    LinkCreateHead create{.prog_fd = static_cast<uint32_t>(program_),
                          .target_fd = 3,
                          .attach_type = static_cast<uint32_t>(AttachType::kXdp)};
    Opened("link", BpfCall(Command::kLinkCreate, create).Issue(kernel_));
  }

  void Files() {
    if (const auto read = kernel_.ReadFile("/proc/stat", kMost); Took("read", read)) Got("", *read);
    if (const auto view = kernel_.OpenFile("/sys/kernel/btf/vmlinux", kMost); Took("view", view)) {
      Got("", *view);
      kernel_.CloseFile(*view, [&] { return std::vector<std::byte>(view->begin(), view->end()); });
    }
    Took("write", kernel_.WriteFile("/tmp/x", TextBytes("one\n"), WriteMode::kReplace));
    if (const auto names = kernel_.ListFolder("/sys/bus"); Took("list", names))
      for (const std::string& name : *names) Got(name);
    Took("mkdir", kernel_.MakeFolder("/sys/fs/bpf/y"));
    Took("unlink", kernel_.RemoveFile("/sys/fs/bpf/y"));
    if (const auto type = kernel_.FileSystemType("/sys/fs/bpf"); Took("statfs", type))
      Got(std::to_string(*type));
    const int folder = Opened("open", kernel_.Open("/sys/fs/cgroup"));
    std::array<std::byte, 64> buffer{};
    if (const auto size = kernel_.Read(folder, buffer); Took("read", size)) Got("", buffer);
    Opened("dup", kernel_.Duplicate(map_));
  }

  void Events() {
    std::array<std::byte, 128> attr{};
    attr[4] = std::byte{128};  // its size
    const int event = Opened("event", kernel_.PerfEventOpen(attr, {}, {.pid = 0, .cpu = 1}));
    Took("ioctl", kernel_.Ioctl(event, kEventSetBpf, static_cast<uint64_t>(program_)));
    Took("option", kernel_.SetSocketOption(event, kSocketLevel, kAttachBpf, BytesOf(program_)));
  }

  void Memory() {
    const int ring = MakeMap(MapType::kRingbuf, 0, 0, kPage);
    const auto control = kernel_.MapMemory(ring, kPage, 0, Access::kReadWrite);
    const auto data = kernel_.MapMemory(ring, 3 * kPage, kPage, Access::kRead);
    std::array one = {Pollable{.fd = ring}};
    if (const auto ready = kernel_.Wait(one, std::chrono::seconds(1)); Took("wait", ready))
      Got(std::to_string(*ready) + (one[0].readable ? " readable" : ""));
    if (Took("data", data)) {
      for (const size_t at : {size_t{0}, kPage, 2 * kPage}) {
        kernel_.Look(data->subspan(at, 64));
        Got("seen", data->subspan(at, 64));
      }
      kernel_.UnmapMemory(*data);
    }
    if (Took("control", control)) {
      (*control)[0] = std::byte{8};
      kernel_.UnmapMemory(*control);
    }
  }

  void Network() {
    const int socket = Opened("socket", kernel_.NetlinkOpen(0, 1));
    ByteWriter request(std::endian::little);
    request.U32(32).U16(18).U16(1).U32(7).U32(0);  // RTM_GETLINK, NLM_F_REQUEST
    request.U32(0).U32(3).U32(0).U32(0);           // ifinfomsg: index 3
    Took("send", kernel_.NetlinkSend(socket, request.bytes()));
    std::vector<std::byte> buffer(8192);
    for (const ReceiveMode mode : {ReceiveMode::kBlock, ReceiveMode::kDontWait}) {
      const auto size = kernel_.NetlinkReceive(socket, buffer, mode);
      if (Took("receive", size)) Got("", Bytes(buffer).first(std::min(*size, buffer.size())));
    }
  }

  void Limits() {
    if (const auto release = kernel_.Release(); Took("release", release)) Got(*release);
    if (const auto limit = kernel_.GetResourceLimit(kMemlock); Took("limit", limit))
      Got(std::to_string(limit->soft) + " " + std::to_string(limit->hard));
    Took("limit", kernel_.SetResourceLimit(kMemlock, {.soft = 1, .hard = 2}));
  }

  Kernel& kernel_;
  std::string got_;
  std::vector<int> open_;
  int map_ = -1;
  int program_ = -1;
};

}  // namespace

std::string EveryCall(Kernel& kernel) { return Caller(kernel).Run(); }

void PrepareEveryCall(FakeKernel& kernel) {
  const auto fill = [](size_t region, std::byte byte) {
    return [=](MutableBytes, std::span<const Region> regions) -> SysResult<int> {
      std::ranges::fill(regions[region].bytes, byte);
      return 0;
    };
  };
  kernel.Answer(Command::kMapLookupElem, fill(1, std::byte{7}));
  kernel.Answer(Command::kMapGetNextKey, fill(1, std::byte{2}));
  kernel.Answer(Command::kMapDeleteElem, Errno{ENOENT});
  kernel.Answer(Command::kMapLookupBatch,
                [](MutableBytes attr, std::span<const Region> regions) -> SysResult<int> {
                  const uint32_t count = 2;
                  std::memcpy(attr.data() + offsetof(MapBatchAttr, count), &count, sizeof count);
                  std::ranges::fill(regions[1].bytes.first(8), std::byte{3});
                  std::ranges::fill(regions[2].bytes.first(16), std::byte{4});
                  return std::unexpected(Errno{ENOENT});
                });
  kernel.Answer(Command::kProgLoad,
                [&kernel](MutableBytes, std::span<const Region> regions) -> SysResult<int> {
                  constexpr std::string_view kLog = "0: (18) r0 = map[0]\nprocessed 3 insns\n";
                  for (const Region& region : regions)
                    if (region.direction == Direction::kOut)
                      std::memcpy(region.bytes.data(), kLog.data(), kLog.size());
                  return kernel.NewFd();
                });
  kernel.Answer(Command::kProgTestRun,
                [](MutableBytes attr, std::span<const Region> regions) -> SysResult<int> {
                  const uint32_t verdict = 2;
                  std::memcpy(attr.data() + offsetof(TestRunAttr, retval), &verdict,
                              sizeof verdict);
                  std::ranges::fill(regions[1].bytes, std::byte{9});
                  return 0;
                });
  kernel.Answer(Command::kMapGetNextId, [](MutableBytes attr, std::span<const Region>) {
    const uint32_t id = 17;
    std::memcpy(attr.data() + offsetof(GetFdByIdAttr, next_id), &id, sizeof id);
    return SysResult<int>(0);
  });
  kernel.files["/proc/stat"] = "cpu 1 2\n";
  kernel.files["/sys/kernel/btf/vmlinux"] = std::string(300, '\x9f');
  kernel.files["/sys/bus/pci"] = "";
  kernel.files["/sys/fs/bpf/y"] = "";
  kernel.readable.emplace_back("an iterator's text\n");
  kernel.on_look = [&kernel](Bytes) {
    for (FakeKernel::Mapping& mapping : kernel.mappings)
      std::ranges::fill(std::span(mapping.memory).first(24), std::byte{5});
  };
  ByteWriter link(std::endian::little);
  link.U32(0).U16(16).U16(0).U32(7).U32(1);            // RTM_NEWLINK, to process 1
  link.U32(0x00010000).U32(3).U32(0x1043).U32(0);      // ifinfomsg: ARPHRD_ETHER, index 3
  link.U16(9).U16(3).Text("eth0").AlignTo(4);          // IFLA_IFNAME
  link.U16(8).U16(4).U32(1500);                        // IFLA_MTU
  link.U16(12).U16(0x8000 | 43).U16(5).U16(2).U32(0);  // IFLA_XDP { IFLA_XDP_ATTACHED }
  std::vector<std::byte> bytes(link.bytes().begin(), link.bytes().end());
  bytes[0] = static_cast<std::byte>(bytes.size());
  kernel.replies.push_back(std::move(bytes));
}

}  // namespace purebpf::testing
