// Programs that kernels really refuse, and what their refusals are turned into.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <span>
#include <string>

#include "purebpf/loader/collection.h"
#include "purebpf/tests/support/dual_test.h"
#include "purebpf/tests/support/result_matchers.h"
#include "tests/loader/refused.h"

namespace purebpf {
namespace {

using testing::DualTableTest;
using ::testing::HasSubstr;
using testing::IsOk;

struct Refusal {
  const char* name;
  const char* program;
  const char* source;  // in the line of C that is named; "": none is, since it is no one line's
  const char* state;   // of a register; "": none helps
  const char* cause;
  const char* hint;
  const char* license = "GPL";
};

constexpr auto kRefusals = std::to_array<Refusal>({
    {"PacketBounds", "packet_bounds", "return data[13] == 8 ? XDP_DROP : XDP_PASS;", "=pkt(",
     "nothing on this path has shown that the packet is that long", "data_end"},
    {"UncheckedMapValue", "unchecked_value", "return value->numbers[0];", "=map_value_or_null(",
     "used before it was compared with NULL", "if (!value) return 0;"},
    {"MapValueBounds", "value_bounds", "return value->numbers[ctx->ingress_ifindex & 7];",
     "=map_value(", "the access ends behind the map's value", "bound the index"},
    {"UnboundedIndex", "value_without_bounds", "return value->numbers[ctx->ingress_ifindex];",
     "=map_value(", "without an upper bound", "unsigned"},
    {"StackLimit", "stack_limit", "", "", "more than 512 bytes of stack", "per-CPU array"},
    {"UnknownFunction", "unknown_helper", "return no_such_helper();", "", "no such helper",
     "bpf_core_enum_value_exists"},
    {"HelperOfOtherTypes", "helper_of_others", "bpf_skb_load_bytes(ctx, 0,", "", "helper",
     "another type of program"},
    {"MissingKernelFunction", "missing_kfunc", "return no_such_kernel_function(1);", "",
     "function 'no_such_kernel_function'", "__weak"},
    {"UnresolvedField", "missing_field", "", "",
     "field 'no_such_field' of struct task_struct does not exist on this kernel",
     "bpf_core_field_exists"},
    {"BackEdge", "endless", "while (1)", "", "no progress in a loop", "constant bound"},
    {"GplOnlyHelper", "gpl_only", "return bpf_probe_read_kernel(", "", "under the GPL only",
     "SEC(\"license\")", "Proprietary"},
});

class RefusedTest : public DualTableTest<Refusal> {
 public:
  static std::span<const Refusal> Rows() { return kRefusals; }
};

DUAL_TEST(RefusedTest, SaysWhereWhyAndWhatToDo) {
  auto spec = CollectionSpec::Parse(refused::Object(), "refused.o");
  ASSERT_THAT(spec, IsOk());
  spec->license = row_.license;
  const auto loaded = spec->Load(kernel_, {.only = {{row_.program}}});
  ASSERT_FALSE(loaded);
  const Error& error = loaded.error();
  EXPECT_EQ(error.code, Code::kRejected) << error.ToString();
  EXPECT_THAT(error.ToString(), HasSubstr(row_.program));
  EXPECT_THAT(error.detail, HasSubstr(row_.source));
  // Before Linux 5.18 the verifier tells states where it is asked for more (VerifierLog::level 2).
  if (series() != "5.10") {
    EXPECT_THAT(error.detail, HasSubstr(row_.state));
  }
  EXPECT_THAT(error.detail, HasSubstr(row_.cause));
  EXPECT_THAT(error.hint, HasSubstr(row_.hint));
  // The kernel's own words are kept, all of them.
  EXPECT_THAT(error.log, HasSubstr("processed "));
}

}  // namespace
}  // namespace purebpf
