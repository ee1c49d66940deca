"""The repositories this project uses, for WORKSPACE and MODULE.bazel alike."""

load("//tools/build:bpf_tools.bzl", "bpf_tools")
load("//tools/build:musl_tools.bzl", "musl_tools")
load("//tools/build:system_repository.bzl", "system_or_archive")

def dependencies():
    bpf_tools(name = "bpf_tools")
    musl_tools(name = "musl_tools")
    system_or_archive(
        name = "googletest",
        build_file = Label("//tools/build:googletest.BUILD"),
        paths = ["/usr/src/googletest"],
        sha256 = "8ad598c73ad796e0d8280b082cebd82a630d73e73cd3c70057938a6501bba5d7",
        strip_prefix = "googletest-1.14.0",
        urls = ["https://github.com/google/googletest/archive/refs/tags/v1.14.0.tar.gz"],
        witness = "googletest/include/gtest/gtest.h",
    )
