#include "purebpf/loader/internal/core/core_error.h"

namespace purebpf::internal {

std::unexpected<Error> CoreError(Code code, std::string detail, std::string hint) {
  return std::unexpected(Error{.code = code,
                               .operation = "resolve CO-RE relocation",
                               .detail = std::move(detail),
                               .hint = std::move(hint)});
}

}  // namespace purebpf::internal
