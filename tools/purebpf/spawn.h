// Programs that `record` and `replay` start.
#ifndef PUREBPF_TOOLS_PUREBPF_SPAWN_H_
#define PUREBPF_TOOLS_PUREBPF_SPAWN_H_

#include <expected>
#include <span>
#include <string>
#include <vector>

namespace purebpf::tool {

// A variable of the environment.
struct Variable {
  const char* name;
  std::string value;
};

// Runs `command` (looked up in PATH) with these variables in its environment, and waits for its
// end. Its exit status, 128 and the signal's number where one ended it; or the errno with which it
// could not be started. Interrupts from the terminal are the command's.
[[nodiscard]] std::expected<int, int> RunProgram(std::span<const std::string> command,
                                                 const std::vector<Variable>& variables);

// The path from the root, as a program that changes its folder needs it.
[[nodiscard]] std::string AbsolutePath(const std::string& path);

}  // namespace purebpf::tool

#endif  // PUREBPF_TOOLS_PUREBPF_SPAWN_H_
