// PUREBPF_TRY, for .cc files only: the value of a Result, or an early return with its error.
#ifndef PUREBPF_BPF_TRY_H_
#define PUREBPF_BPF_TRY_H_

#include <expected>
#include <utility>

// One a statement. Works with values that can only be moved, and with Result<void>.
#define PUREBPF_TRY(expression)                               \
  __extension__({                                             \
    auto&& try_result_ = (expression);                        \
    if (!try_result_) [[unlikely]]                            \
      return std::unexpected(std::move(try_result_).error()); \
    std::move(try_result_).value();                           \
  })

#endif  // PUREBPF_BPF_TRY_H_
