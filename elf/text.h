// Words for error messages. Internal to elf/: all of this runs on cold paths only.
#ifndef PUREBPF_ELF_TEXT_H_
#define PUREBPF_ELF_TEXT_H_

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace purebpf::elf {

// One allocation instead of a chain of operator+.
std::string Concat(std::initializer_list<std::string_view> parts);

// "0x1f", for offsets and sizes in bytes.
std::string Hex(uint64_t value);
// "31", for indices and counts.
std::string Decimal(uint64_t value);

// A name that the file gives, fit for a terminal: hostile names are long or hold control
// characters, so it is cut after 80 bytes and every byte outside of ASCII's printable range reads
// as '?'.
std::string Printable(std::string_view name);
// The same in quotes.
[[gnu::cold]] std::string Quoted(std::string_view name);

}  // namespace purebpf::elf

#endif  // PUREBPF_ELF_TEXT_H_
