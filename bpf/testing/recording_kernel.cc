#include "purebpf/bpf/testing/recording_kernel.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "purebpf/bpf/testing/alike.h"
#include "purebpf/bpf/testing/answers.h"
#include "purebpf/bpf/testing/conversation.h"

namespace purebpf::testing {
namespace {

// A header or a comment is one line.
std::string OneLine(std::string_view text) {
  std::string line(text);
  std::ranges::replace_if(line, [](char c) { return c == '\n' || c == '\r'; }, ' ');
  return line;
}

void TellContents(internal::Context& context, Call& call, Bytes contents) {
  call.outputs.push_back({"size", internal::Decimal(contents.size())});
  internal::TellBytes(context, call, "contents", contents);
}

// What belongs to an object's types, by call.
struct TypeField {
  std::string_view verb;
  std::string_view name;
};
constexpr TypeField kTypeFields[] = {
    {"BPF_BTF_LOAD", "btf"},
    {"BPF_BTF_LOAD", "btf_size"},
    {"BPF_MAP_CREATE", "btf_key_type_id"},
    {"BPF_MAP_CREATE", "btf_value_type_id"},
    {"BPF_PROG_LOAD", "func_info"},
    {"BPF_PROG_LOAD", "func_info_cnt"},
    {"BPF_PROG_LOAD", "line_info"},
    {"BPF_PROG_LOAD", "line_info_cnt"},
};

void FreeTypes(Call& call) {
  for (Field& field : call.inputs)
    for (const TypeField& type : kTypeFields)
      if (call.verb == type.verb && field.name == type.name) field.value = "~";
}

// Leaves out what no call refers to.
void DropUnused(Fixture& fixture) {
  const auto blobs = std::exchange(fixture.blobs, {});
  const std::string calls = WriteFixture(fixture);
  for (const auto& blob : blobs)
    if (calls.find("blob:" + blob.first) != std::string::npos) fixture.blobs.push_back(blob);
}

}  // namespace

RecordingKernel::RecordingKernel(Kernel& next, const RecordingOptions& options)
    : DescribingKernel(next, false, options.aside != nullptr ? *options.aside : next),
      types_are_free_(options.types_are_free) {
  fixture_.kernel =
      OneLine((options.aside != nullptr ? *options.aside : next).Release().value_or(""));
  fixture_.arch = Architecture();
  fixture_.about = OneLine(options.about);
}

void RecordingKernel::Remark(std::string_view text) { remarks_.push_back(OneLine(text)); }

std::string RecordingKernel::Text() const {
  Fixture whole = fixture_;
  for (const auto& [contents, view] : conversation().views)
    if (const auto open = opened_.find(view); open != opened_.end())
      TellContents(conversation(), whole.calls[open->second], contents);
  internal::FoldMessages(whole.calls);
  whole.after = remarks_;
  whole.blobs = conversation().blobs.Written();
  if (types_are_free_) DropUnused(whole);
  return WriteFixture(whole);
}

Result<void> RecordingKernel::Save(Kernel& files, const std::string& path) const {
  const std::string text = Text();
  const auto written = files.WriteFile(path, internal::BytesOfText(text), WriteMode::kReplace);
  if (!written) return std::unexpected(SystemError(written.error(), "write fixture", path));
  return {};
}

void RecordingKernel::Said(Call call) {
  call.before = std::exchange(remarks_, {});
  if (types_are_free_) FreeTypes(call);
  fixture_.calls.push_back(std::move(call));
}

void RecordingKernel::SaidOpenFile(Call call, Bytes) {
  opened_[call.result] = fixture_.calls.size();
  Said(std::move(call));
}

void RecordingKernel::SaidCloseFile(const std::string& view, Bytes,
                                    FunctionRef<std::vector<std::byte>()> reduce) {
  const auto open = opened_.find(view);
  if (open == opened_.end()) return;
  TellContents(conversation(), fixture_.calls[open->second], reduce());
  opened_.erase(open);
}

}  // namespace purebpf::testing
