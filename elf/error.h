// Why bytes are not what they should be. This folder knows nobody, so it has a small error of its
// own; loader/ turns it into a purebpf::Error.
#ifndef PUREBPF_ELF_ERROR_H_
#define PUREBPF_ELF_ERROR_H_

#include <expected>
#include <string>
#include <utility>

namespace purebpf::elf {

struct [[nodiscard]] ParseError {
  // The thing, by name and index, and the found value beside its limit, offsets in hex:
  // "section 3 '.maps': offset 0x400 + size 0x90 ends past the file's 0x420 bytes".
  std::string message;
  // Valid, but more than this reader does (RELA, compressed sections): not the file's fault.
  bool unsupported = false;
};

template <typename T = void>
using Result = std::expected<T, ParseError>;

// Cold: what leads to them is laid out away from what a sound file needs.
[[gnu::cold, gnu::noinline]] inline std::unexpected<ParseError> Malformed(std::string message) {
  return std::unexpected(ParseError{.message = std::move(message)});
}
[[gnu::cold, gnu::noinline]] inline std::unexpected<ParseError> Unsupported(std::string message) {
  return std::unexpected(ParseError{.message = std::move(message), .unsupported = true});
}

}  // namespace purebpf::elf

#endif  // PUREBPF_ELF_ERROR_H_
