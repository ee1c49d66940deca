// The form of generated headers (`purebpf gen skeleton`), raised whenever loader/skeleton.h expects
// another one: a header of another version does not compile, and says why.
#ifndef PUREBPF_LOADER_SKELETON_VERSION_H_
#define PUREBPF_LOADER_SKELETON_VERSION_H_

namespace purebpf {

inline constexpr int kSkeletonVersion = 1;

}  // namespace purebpf

#endif  // PUREBPF_LOADER_SKELETON_VERSION_H_
