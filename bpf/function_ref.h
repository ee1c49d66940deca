// A borrowed callable: two words, no allocation and no RTTI, for a callback that is not kept.
#ifndef PUREBPF_BPF_FUNCTION_REF_H_
#define PUREBPF_BPF_FUNCTION_REF_H_

#include <concepts>
#include <memory>
#include <type_traits>
#include <utility>

namespace purebpf {

template <typename Signature>
class FunctionRef;

// Made from a lambda or function object where a function is called with it: valid until that call
// returns, so take it as a parameter and never store it.
template <typename R, typename... Args>
class FunctionRef<R(Args...)> {
 public:
  template <typename F>
    requires(!std::same_as<std::remove_cvref_t<F>, FunctionRef> &&
             std::is_object_v<std::remove_reference_t<F>> && std::is_invocable_r_v<R, F&, Args...>)
  FunctionRef(F&& function)  // NOLINT(bugprone-forwarding-reference-overload): implicit by purpose
      : object_(const_cast<void*>(static_cast<const void*>(std::addressof(function)))),
        call_([](void* object, Args... args) -> R {
          return (*static_cast<std::remove_reference_t<F>*>(object))(std::forward<Args>(args)...);
        }) {}

  R operator()(Args... args) const { return call_(object_, std::forward<Args>(args)...); }

 private:
  void* object_;
  R (*call_)(void*, Args...);
};

}  // namespace purebpf

#endif  // PUREBPF_BPF_FUNCTION_REF_H_
