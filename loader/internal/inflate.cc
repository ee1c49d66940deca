#include "purebpf/loader/internal/inflate.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "purebpf/bpf/try.h"

namespace purebpf::internal {
namespace {

[[gnu::cold]] std::unexpected<Error> Broken(size_t at, const std::string& what) {
  return std::unexpected(Error{.code = Code::kMalformed,
                               .operation = "unpack gzip",
                               .object = "",
                               .detail = "byte " + std::to_string(at) + ": " + what,
                               .hint = "",
                               .log = ""});
}

// Bits from the least significant of each byte on. Past the end they read as 0 and ok() is false.
class BitReader {
 public:
  explicit BitReader(Bytes bytes) : bytes_(bytes) {}

  uint32_t Bits(uint32_t count) {
    while (held_ < count) {
      if (at_ == bytes_.size()) {
        ok_ = false;
        return 0;
      }
      bits_ |= std::to_integer<uint32_t>(bytes_[at_++]) << held_;
      held_ += 8;
    }
    const uint32_t value = bits_ & ((1U << count) - 1);
    bits_ >>= count;
    held_ -= count;
    return value;
  }

  // The rest of the current byte is skipped.
  Bytes Take(size_t count) {
    bits_ = held_ = 0;
    if (count > bytes_.size() - at_) {
      ok_ = false;
      return {};
    }
    const Bytes taken = bytes_.subspan(at_, count);
    at_ += count;
    return taken;
  }

  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] size_t at() const { return at_; }

 private:
  Bytes bytes_;
  size_t at_ = 0;
  uint32_t bits_ = 0;
  uint32_t held_ = 0;  // never more than 7 between calls, so 16 more fit
  bool ok_ = true;
};

// A canonical Huffman code: how many codes there are of each length, and the symbols in their
// order. RFC 1951, 3.2.2.
class HuffmanCode {
 public:
  static constexpr uint32_t kMaxLength = 15;

  // False where the lengths promise more codes than there can be.
  bool Build(std::span<const uint8_t> lengths) {
    counts_.fill(0);
    for (const uint8_t length : lengths) ++counts_[length];
    counts_[0] = 0;
    int32_t left = 1;
    std::array<uint16_t, kMaxLength + 2> first{};
    for (uint32_t length = 1; length <= kMaxLength; ++length) {
      left = 2 * left - counts_[length];
      if (left < 0) return false;
      first[length + 1] = static_cast<uint16_t>(first[length] + counts_[length]);
    }
    symbols_.fill(0);
    for (size_t symbol = 0; symbol < lengths.size(); ++symbol)
      if (lengths[symbol] != 0) symbols_[first[lengths[symbol]]++] = static_cast<uint16_t>(symbol);
    return true;
  }

  // The next symbol; nothing where the bits are no code.
  [[nodiscard]] std::optional<uint32_t> Next(BitReader& bits) const {
    int32_t code = 0;
    int32_t first = 0;  // of this length
    int32_t index = 0;  // of its symbol
    for (uint32_t length = 1; length <= kMaxLength; ++length) {
      code |= static_cast<int32_t>(bits.Bits(1));
      if (!bits.ok()) return std::nullopt;
      const int32_t count = counts_[length];
      if (code - first < count) return symbols_[static_cast<size_t>(index + code - first)];
      index += count;
      first = (first + count) << 1;
      code <<= 1;
    }
    return std::nullopt;
  }

 private:
  std::array<uint16_t, kMaxLength + 1> counts_{};
  std::array<uint16_t, 288> symbols_{};
};

// What a length or distance symbol starts at, and how many bits are added. RFC 1951, 3.2.5.
struct Range {
  uint16_t base;
  uint8_t bits;
};
constexpr Range kLengths[] = {
    {3, 0},  {4, 0},  {5, 0},  {6, 0},   {7, 0},   {8, 0},   {9, 0},   {10, 0},  {11, 1},  {13, 1},
    {15, 1}, {17, 1}, {19, 2}, {23, 2},  {27, 2},  {31, 2},  {35, 3},  {43, 3},  {51, 3},  {59, 3},
    {67, 4}, {83, 4}, {99, 4}, {115, 4}, {131, 5}, {163, 5}, {195, 5}, {227, 5}, {258, 0},
};
constexpr Range kDistances[] = {
    {1, 0},     {2, 0},     {3, 0},     {4, 0},      {5, 1},      {7, 1},
    {9, 2},     {13, 2},    {17, 3},    {25, 3},     {33, 4},     {49, 4},
    {65, 5},    {97, 5},    {129, 6},   {193, 6},    {257, 7},    {385, 7},
    {513, 8},   {769, 8},   {1025, 9},  {1537, 9},   {2049, 10},  {3073, 10},
    {4097, 11}, {6145, 11}, {8193, 12}, {12289, 12}, {16385, 13}, {24577, 13},
};

class Inflater {
 public:
  Inflater(Bytes bytes, size_t max_bytes) : bits_(bytes), max_bytes_(max_bytes) {}

  Result<void> Run() {
    bool last = false;
    while (!last) {
      last = bits_.Bits(1) != 0;
      switch (bits_.Bits(2)) {
        case 0:
          PUREBPF_TRY(Stored());
          break;
        case 1:
          FixedCodes();
          PUREBPF_TRY(Compressed());
          break;
        case 2:
          PUREBPF_TRY(DynamicCodes());
          PUREBPF_TRY(Compressed());
          break;
        default:
          return Wrong("a block of the reserved kind 3");
      }
      if (!bits_.ok()) return Wrong("it ends within a block");
    }
    return {};
  }

  [[nodiscard]] size_t consumed() const { return bits_.at(); }
  std::vector<std::byte> TakeOutput() { return std::move(output_); }
  [[nodiscard]] Bytes output() const { return output_; }

 private:
  [[nodiscard, gnu::cold]] std::unexpected<Error> Wrong(const std::string& what) const {
    return Broken(bits_.at(), what);
  }

  Result<void> Stored() {
    const Bytes header = bits_.Take(4);
    if (!bits_.ok()) return Wrong("it ends within a stored block's length");
    const auto word = [&](size_t i) {
      return std::to_integer<uint32_t>(header[i]) | std::to_integer<uint32_t>(header[i + 1]) << 8;
    };
    if (word(0) != (word(2) ^ 0xffff))
      return Wrong("a stored block's length and its complement differ");
    const Bytes contents = bits_.Take(word(0));
    if (contents.size() > max_bytes_ - output_.size()) return TooLong();
    output_.insert(output_.end(), contents.begin(), contents.end());
    return {};
  }

  void FixedCodes() {
    std::array<uint8_t, 288> lengths;
    for (size_t i = 0; i < lengths.size(); ++i)
      lengths[i] = i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8;
    (void)literals_.Build(lengths);
    std::array<uint8_t, 30> distances;
    distances.fill(5);
    (void)distances_.Build(distances);
  }

  // The lengths of both codes, themselves packed by a third. RFC 1951, 3.2.7.
  Result<void> DynamicCodes() {
    const uint32_t literal_count = bits_.Bits(5) + 257;
    const uint32_t distance_count = bits_.Bits(5) + 1;
    const uint32_t packed_count = bits_.Bits(4) + 4;
    if (literal_count > 286 || distance_count > 30) return Wrong("a block has too many codes");
    static constexpr std::array<uint8_t, 19> kOrder = {16, 17, 18, 0, 8,  7, 9,  6, 10, 5,
                                                       11, 4,  12, 3, 13, 2, 14, 1, 15};
    std::array<uint8_t, 19> packed{};
    for (uint32_t i = 0; i < packed_count; ++i)
      packed[kOrder[i]] = static_cast<uint8_t>(bits_.Bits(3));
    if (!literals_.Build(packed)) return Wrong("the code of a block's code lengths is over-full");
    std::array<uint8_t, 286 + 30> lengths{};
    const uint32_t total = literal_count + distance_count;
    for (uint32_t i = 0; i < total;) {
      const auto symbol = literals_.Next(bits_);
      if (!symbol) return Wrong("no code length stands there");
      uint8_t value = 0;
      uint32_t repeat = 1;
      if (*symbol < 16) {
        value = static_cast<uint8_t>(*symbol);
      } else if (*symbol == 16) {
        if (i == 0) return Wrong("the first code length repeats one before it");
        value = lengths[i - 1];
        repeat = 3 + bits_.Bits(2);
      } else {
        repeat = *symbol == 17 ? 3 + bits_.Bits(3) : 11 + bits_.Bits(7);
      }
      if (repeat > total - i) return Wrong("a code length is repeated past the last");
      while (repeat-- != 0) lengths[i++] = value;
    }
    if (!literals_.Build(std::span(lengths).first(literal_count)) ||
        !distances_.Build(std::span(lengths).subspan(literal_count, distance_count)))
      return Wrong("a block's code is over-full");
    return {};
  }

  Result<void> Compressed() {
    constexpr uint32_t kEnd = 256;
    while (true) {
      const auto symbol = literals_.Next(bits_);
      if (!symbol) return Wrong("no literal or length stands there");
      if (*symbol == kEnd) return {};
      if (*symbol < kEnd) {
        if (output_.size() == max_bytes_) return TooLong();
        output_.push_back(static_cast<std::byte>(*symbol));
      } else {
        PUREBPF_TRY(Copy(*symbol - kEnd - 1));
      }
    }
  }

  // Of what came before.
  Result<void> Copy(uint32_t length_symbol) {
    if (length_symbol >= std::size(kLengths)) return Wrong("a length symbol that does not exist");
    const Range range = kLengths[length_symbol];
    const size_t length = range.base + bits_.Bits(range.bits);
    const auto symbol = distances_.Next(bits_);
    if (!symbol || *symbol >= std::size(kDistances)) return Wrong("no distance stands there");
    const size_t distance = kDistances[*symbol].base + bits_.Bits(kDistances[*symbol].bits);
    if (distance > output_.size())
      return Wrong("a copy starts " + std::to_string(distance) + " bytes back, where only " +
                   std::to_string(output_.size()) + " came before");
    if (length > max_bytes_ - output_.size()) return TooLong();
    for (size_t i = 0; i < length; ++i) output_.push_back(output_[output_.size() - distance]);
    return {};
  }

  [[nodiscard, gnu::cold]] std::unexpected<Error> TooLong() const {
    return Wrong("the contents have more than the " + std::to_string(max_bytes_) +
                 " bytes that are allowed");
  }

  BitReader bits_;
  size_t max_bytes_;
  std::vector<std::byte> output_;
  HuffmanCode literals_;
  HuffmanCode distances_;
};

// CRC-32 of IEEE 802.3, four bits at a time: a table of 16 words is enough for a file of 200 KB.
uint32_t Crc32(Bytes bytes) {
  static constexpr auto kTable = [] {
    std::array<uint32_t, 16> table{};
    for (uint32_t i = 0; i < table.size(); ++i) {
      uint32_t crc = i;
      for (int bit = 0; bit < 4; ++bit) crc = crc & 1 ? 0xedb88320U ^ crc >> 1 : crc >> 1;
      table[i] = crc;
    }
    return table;
  }();
  uint32_t crc = ~0U;
  for (const std::byte byte : bytes) {
    crc ^= std::to_integer<uint32_t>(byte);
    crc = kTable[crc & 15] ^ crc >> 4;
    crc = kTable[crc & 15] ^ crc >> 4;
  }
  return ~crc;
}

uint32_t Word(Bytes bytes, size_t at) {
  uint32_t value = 0;
  for (size_t i = 0; i < 4; ++i) value |= std::to_integer<uint32_t>(bytes[at + i]) << 8 * i;
  return value;
}

// How many bytes the member's header has. RFC 1952, 2.3.
Result<size_t> HeaderSize(Bytes file) {
  enum Flag : uint8_t { kHeaderCrc = 2, kExtra = 4, kName = 8, kComment = 16 };
  constexpr size_t kFixed = 10;
  if (!IsGzip(file)) return Broken(0, "no gzip file starts there");
  if (file.size() < kFixed) return Broken(file.size(), "it ends within its header");
  if (file[2] != std::byte{8}) return Broken(2, "a compression method other than DEFLATE");
  const uint8_t flags = std::to_integer<uint8_t>(file[3]);
  size_t at = kFixed;
  const auto left = [&] { return file.size() - at; };
  if ((flags & kExtra) != 0) {
    if (left() < 2) return Broken(at, "it ends within its header");
    const size_t size =
        2 + std::to_integer<size_t>(file[at]) + (std::to_integer<size_t>(file[at + 1]) << 8);
    if (left() < size) return Broken(at, "it ends within its header");
    at += size;
  }
  for (const Flag text : {kName, kComment}) {
    if ((flags & text) == 0) continue;
    const auto end = std::ranges::find(file.subspan(at), std::byte{});
    if (end == file.end()) return Broken(at, "it ends within its header");
    at = static_cast<size_t>(end - file.begin()) + 1;
  }
  if ((flags & kHeaderCrc) != 0) at += std::min<size_t>(2, left());
  return at;
}

}  // namespace

bool IsGzip(Bytes file) {
  return file.size() >= 2 && file[0] == std::byte{0x1f} && file[1] == std::byte{0x8b};
}

Result<std::vector<std::byte>> Gunzip(Bytes file, size_t max_bytes) {
  const size_t header = PUREBPF_TRY(HeaderSize(file));
  Inflater inflater(file.subspan(header), max_bytes);
  if (auto run = inflater.Run(); !run) return std::unexpected(std::move(run).error());
  const size_t trailer = header + inflater.consumed();
  if (file.size() - trailer < 8) return Broken(trailer, "it ends before its checksum");
  if (Word(file, trailer + 4) != static_cast<uint32_t>(inflater.output().size()))
    return Broken(trailer + 4, "its length says " + std::to_string(Word(file, trailer + 4)) +
                                   ", its contents have " +
                                   std::to_string(inflater.output().size()) + " bytes");
  if (Word(file, trailer) != Crc32(inflater.output()))
    return Broken(trailer, "its checksum is not that of its contents");
  return inflater.TakeOutput();
}

}  // namespace purebpf::internal
