// Programs that `record` and `replay` start.
#ifndef PUREBPF_TOOLS_PUREBPF_SPAWN_H_
#define PUREBPF_TOOLS_PUREBPF_SPAWN_H_

#include <expected>
#include <span>
#include <string>

namespace purebpf::tool {

// Runs `command` (looked up in PATH) with `variable` of the environment set to `value`, and waits
// for its end. Its exit status, 128 and the signal's number where one ended it; or the errno with
// which it could not be started. Interrupts from the terminal are the command's.
[[nodiscard]] std::expected<int, int> RunProgram(std::span<const std::string> command,
                                                 const char* variable, const std::string& value);

// The path from the root, as a program that changes its folder needs it.
[[nodiscard]] std::string AbsolutePath(const std::string& path);

}  // namespace purebpf::tool

#endif  // PUREBPF_TOOLS_PUREBPF_SPAWN_H_
