#include "purebpf/loader/internal/plan/refused.h"

#include <utility>

namespace purebpf::internal {

std::unexpected<Error> Refused(Code code, std::string object, std::string detail,
                               std::string hint) {
  return std::unexpected(Error{.code = code,
                               .operation = "plan loading",
                               .object = std::move(object),
                               .detail = std::move(detail),
                               .hint = std::move(hint)});
}

}  // namespace purebpf::internal
