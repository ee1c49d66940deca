// A cursor over YAML text: blanks, comments, lines, scalars. What they mean is config.cc's
// business.
#ifndef PUREBPF_TOOLS_XCONNECT_SCANNER_H_
#define PUREBPF_TOOLS_XCONNECT_SCANNER_H_

#include <cstddef>
#include <expected>
#include <string>
#include <string_view>

#include "purebpf/tools/xconnect/config.h"

namespace purebpf::xconnect {

template <typename T = void>
using Scanned = std::expected<T, ConfigError>;

struct Scalar {
  std::string text;
  size_t offset = 0;  // where it begins in the file
  bool plain = false;
};

// In a flow mapping ",[]{}" end a plain scalar, and line ends are mere space.
enum class Context : unsigned char { kBlock, kFlow };

// Borrows the text.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  // What no YAML file may contain: invalid UTF-8, NUL and other control characters. Do it first.
  [[nodiscard]] Scanned<> CheckCharacters() const;

  // From the start of a line to the first character of the first line that has more than a
  // comment; false at the end of the file.
  [[nodiscard]] Scanned<bool> NextContentLine();
  // Back to the start of the line that NextContentLine found.
  void RewindLine() { at_ = line_start_; }
  // Its spaces.
  [[nodiscard]] size_t indent() const { return indent_; }

  // Over spaces and tabs; in a flow mapping also over line ends and comments.
  void SkipBlanks(Context context);
  // Over blanks, a comment and the line's end, or an error that names `after`.
  [[nodiscard]] Scanned<> EndLine(std::string_view after);
  // Whether nothing but blanks and a comment is left in the line.
  [[nodiscard]] bool LineIsDone() const;

  // At `marker`, "---" or "...", with nothing glued to it.
  [[nodiscard]] bool AtMarker(std::string_view marker) const;
  [[nodiscard]] bool AtEnd() const { return at_ == text_.size(); }
  // The character here; '\0' at the end.
  [[nodiscard]] char Here() const { return AtEnd() ? '\0' : text_[at_]; }
  [[nodiscard]] size_t offset() const { return at_; }
  void Advance(size_t bytes) { at_ += bytes; }

  // A plain or quoted scalar, or an error that says that `expected` was expected.
  [[nodiscard]] Scanned<Scalar> ReadScalar(Context context, std::string_view expected);
  // Over the ':' between `key` and its value.
  [[nodiscard]] Scanned<> ReadColon(Context context, const Scalar& key);

  [[nodiscard]] ConfigError ErrorAt(size_t offset, std::string message) const;
  [[nodiscard]] ConfigError ErrorHere(std::string message) const {
    return ErrorAt(at_, std::move(message));
  }
  [[nodiscard]] uint32_t LineOf(size_t offset) const;

 private:
  // At a ':' that ends a plain scalar rather than being part of it.
  [[nodiscard]] bool AtMappingColon(Context context) const;
  [[nodiscard]] bool AtLineEnd() const;
  // At a '#' that begins a comment: at a line's start or after a blank.
  [[nodiscard]] bool AtComment() const;
  [[nodiscard]] char Peek(size_t ahead) const {
    return ahead < text_.size() - at_ ? text_[at_ + ahead] : '\0';
  }
  [[nodiscard]] Scanned<Scalar> ReadPlain(Context context);
  [[nodiscard]] Scanned<Scalar> ReadSingleQuoted();
  [[nodiscard]] Scanned<Scalar> ReadDoubleQuoted();
  [[nodiscard]] Scanned<> ReadEscape(std::string& text);
  // Why a scalar cannot begin here; empty where it can.
  [[nodiscard]] std::string_view Unsupported(Context context) const;

  std::string_view text_;
  size_t at_ = 0;
  size_t line_start_ = 0;
  size_t indent_ = 0;
};

}  // namespace purebpf::xconnect

#endif  // PUREBPF_TOOLS_XCONNECT_SCANNER_H_
