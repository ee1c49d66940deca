// Internal. What is known in the middle of a conversation that is recorded, traced or replayed.
#ifndef PUREBPF_BPF_TESTING_CONVERSATION_H_
#define PUREBPF_BPF_TESTING_CONVERSATION_H_

#include <string>
#include <utility>
#include <vector>

#include "purebpf/bpf/testing/describe.h"
#include "purebpf/bpf/testing/memory.h"

namespace purebpf::testing::internal {

struct Conversation : Context {
  explicit Conversation(Blobs::Use use) : Context(use) {}

  // The token "view:1" of a file's contents; files of no bytes have no address of their own.
  std::string OpenView(Bytes contents) {
    views.emplace_back(contents, "view:" + Decimal(++last_view));
    return views.back().second;
  }
  // Empty where none of these contents is open.
  std::string CloseView(Bytes contents) {
    for (size_t i = 0; i < views.size(); ++i) {
      if (views[i].first.data() != contents.data()) continue;
      std::string token = std::move(views[i].second);
      views.erase(views.begin() + static_cast<ptrdiff_t>(i));
      return token;
    }
    return {};
  }

  Mappings mappings;
  std::vector<std::pair<Bytes, std::string>> views;
  size_t last_view = 0;
};

}  // namespace purebpf::testing::internal

#endif  // PUREBPF_BPF_TESTING_CONVERSATION_H_
