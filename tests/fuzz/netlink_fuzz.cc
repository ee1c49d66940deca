// Any byte string is a run of netlink messages or an Error, and what a message borrows is in it.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "purebpf/netlink/attribute_names.h"
#include "purebpf/netlink/link.h"

using namespace purebpf::netlink;  // NOLINT(google-build-using-namespace): a fuzzer, not a library

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const purebpf::Bytes all = std::as_bytes(std::span(data, size));
  purebpf::Bytes rest = all;
  for (auto next = NextMessage(rest); next && next->has_value(); next = NextMessage(rest)) {
    const Message& message = **next;
    const std::byte* const begin = message.payload.data();
    if (begin < all.data() || begin + message.payload.size() > all.data() + size) std::abort();
    if (const auto link = ParseLink(message); link && (link->index == 0 || link->name.empty()))
      std::abort();
    if (const auto ack = ParseAcknowledgement(message); ack && ack->error.value < 0) std::abort();
    purebpf::Bytes attributes = message.payload;
    for (auto a = NextAttribute(attributes); a && a->has_value(); a = NextAttribute(attributes))
      if ((*a)->Text().size() > (*a)->payload.size()) std::abort();
  }
  for (uint32_t at = 0; at < std::min(size, size_t{512}); ++at) (void)AttributePath(all, at);
  return 0;
}
