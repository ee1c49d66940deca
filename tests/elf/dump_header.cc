// The header that describes an object's BTF, or BTF as it stands, and a use of all its types:
//     dump_header FILE >types.c
// For btf_c_dump_layout_test, which compiles that and compares.
#include <cstdio>

#include "purebpf/elf/btf_c_dump.h"
#include "purebpf/elf/file.h"
#include "purebpf/tests/elf/btf_same_layout.h"
#include "purebpf/tests/elf/test_objects.h"

int main(int argc, char** argv) {
  using namespace purebpf::elf;
  if (argc != 2) return 2;
  const auto bytes = ReadFile(argv[1]);
  const auto file = File::Parse(bytes);
  const Section* section = file ? file->FindSection(".BTF") : nullptr;
  const auto btf = Btf::Parse(section != nullptr ? section->contents : Bytes(bytes));
  if (!btf) {
    std::fprintf(stderr, "%s: %s\n", argv[1], btf.error().message.c_str());
    return 1;
  }
  const auto header = DumpC(*btf);
  if (!header) {
    std::fprintf(stderr, "%s: %s\n", argv[1], header.error().message.c_str());
    return 1;
  }
  const std::string text = *header + UseOfAll(*btf);
  return std::fwrite(text.data(), 1, text.size(), stdout) == text.size() ? 0 : 1;
}
