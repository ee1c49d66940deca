// Writes a kernel's types as C: the generator behind bpf_vmlinux. It does what `purebpf btf dump
// FILE --format c` does, and is a tenth of that to build.
//
//   vmlinux FILE OUT.h
//
// FILE is BTF, or an ELF file that has it.
#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <string>
#include <vector>

#include "purebpf/elf/btf.h"
#include "purebpf/elf/btf_c_dump.h"
#include "purebpf/elf/file.h"

namespace {

using purebpf::elf::Bytes;

bool ReadFile(const char* path, std::vector<std::byte>& bytes) {
  std::FILE* file = std::fopen(path, "rb");
  if (file == nullptr) return false;
  constexpr size_t kStep = 1 << 20;
  size_t got = kStep;
  for (size_t have = 0; got == kStep; have += got) {
    bytes.resize(have + kStep);
    got = std::fread(bytes.data() + have, 1, kStep, file);
    bytes.resize(have + got);
  }
  const bool read = std::ferror(file) == 0;
  std::fclose(file);
  return read;
}

bool WriteFile(const char* path, const std::string& text) {
  std::FILE* file = std::fopen(path, "wb");
  if (file == nullptr) return false;
  const bool written = std::fwrite(text.data(), 1, text.size(), file) == text.size();
  return std::fclose(file) == 0 && written;
}

purebpf::elf::Result<std::string> HeaderOf(Bytes bytes) {
  using namespace purebpf::elf;
  constexpr std::byte kMagic[] = {std::byte{0x7f}, std::byte{'E'}, std::byte{'L'}, std::byte{'F'}};
  if (bytes.size() >= 4 && std::equal(kMagic, kMagic + 4, bytes.data())) {
    const auto file = File::Parse(bytes);
    if (!file) return std::unexpected(file.error());
    const Section* section = file->FindSection(".BTF");
    if (section == nullptr) return Malformed("it has no section .BTF");
    const auto contents = section->Contents();
    if (!contents) return std::unexpected(contents.error());
    bytes = *contents;
  }
  const auto btf = Btf::Parse(bytes);
  if (!btf) return std::unexpected(btf.error());
  return DumpC(*btf);
}

int Fail(const char* what, const char* path, const char* why) {
  std::fprintf(stderr, "vmlinux: cannot %s '%s'%s%s\n", what, path, *why != '\0' ? ": " : "", why);
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: vmlinux FILE OUT.h\n");
    return 2;
  }
  std::vector<std::byte> bytes;
  if (!ReadFile(argv[1], bytes)) return Fail("read", argv[1], "");
  const auto header = HeaderOf(bytes);
  if (!header) return Fail("take types from", argv[1], header.error().message.c_str());
  if (!WriteFile(argv[2], *header)) return Fail("write", argv[2], "");
  return 0;
}
