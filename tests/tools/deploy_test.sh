#!/bin/bash
# deploy_test.sh skip.sh Dockerfile daemonset.yaml rootfs.tar: the three fit each other, the program in
# the tree takes the ConfigMap's file, and the pod asks for no more than it needs.
set -euo pipefail
# shellcheck source=tests/support/skip.sh
source "$1"
dockerfile=$2 daemonset=$3 tar=$4
tree=$TEST_TMPDIR/tree
mkdir "$tree"
tar -C "$tree" -xf "$tar"

fail() {
  echo "deploy_test: $*" >&2
  exit 1
}

# The tree: the program, and the folder for its file. Nothing else.
found=$(cd "$tree" && find . -mindepth 1 | sort | tr '\n' ' ')
[[ $found == "./etc ./etc/xconnect ./xconnect " ]] || fail "the tree has $found"
"$tree/xconnect" --version

# The Dockerfile names what is there.
grep -qx 'FROM scratch' "$dockerfile" || fail "the image is made from another"
grep -qx 'ADD rootfs.tar /' "$dockerfile" || fail "the image is not made of rootfs.tar"
entry=$(sed -n 's/^ENTRYPOINT \["\([^"]*\)"\]$/\1/p' "$dockerfile")
[[ -x $tree$entry ]] || fail "no program at the entry point '$entry'"
config=$(sed -n 's/^CMD \["--config", "\([^"]*\)"\]$/\1/p' "$dockerfile")
[[ -n $config && -d $tree$(dirname "$config") ]] || fail "no folder for '$config'"

python3 -c 'import yaml' 2>/dev/null || skip_test "no python3-yaml to read $daemonset"
python3 - "$daemonset" "$config" "$TEST_TMPDIR/config.yaml" <<'END'
import os, sys, yaml

kinds = {document["kind"]: document for document in yaml.safe_load_all(open(sys.argv[1]))}
assert sorted(kinds) == ["ConfigMap", "DaemonSet", "Namespace"], sorted(kinds)
config_map, daemon_set = kinds["ConfigMap"], kinds["DaemonSet"]
namespace = kinds["Namespace"]["metadata"]["name"]
for each in config_map, daemon_set:
    assert each["metadata"]["namespace"] == namespace, each["metadata"]
spec = daemon_set["spec"]
pod = spec["template"]["spec"]
assert spec["selector"]["matchLabels"] == spec["template"]["metadata"]["labels"]
assert pod["hostNetwork"] is True
assert not any(pod.get(other) for other in ("hostPID", "hostIPC"))

[container] = pod["containers"]
security = container["securityContext"]
assert security["privileged"] is False and security["allowPrivilegeEscalation"] is False
assert security["capabilities"] == {"drop": ["ALL"], "add": ["BPF", "NET_ADMIN"]}, security
assert security["readOnlyRootFilesystem"] is True
# Without ambient capabilities only root has those that are added.
assert security["runAsUser"] == 0

# The arguments name the file that the ConfigMap puts into the folder of the Dockerfile.
path = container["args"][container["args"].index("--config") + 1]
assert path == sys.argv[2], path
[volume], [mount] = pod["volumes"], container["volumeMounts"]
assert volume["name"] == mount["name"] and "subPath" not in mount
assert volume["configMap"]["name"] == config_map["metadata"]["name"]
assert mount["mountPath"] == os.path.dirname(path)
with open(sys.argv[3], "w") as file:
    file.write(config_map["data"][os.path.basename(path)])
END
"$tree/xconnect" --check --config "$TEST_TMPDIR/config.yaml" | tee "$TEST_TMPDIR/check"
grep -q 'config.yaml is valid: 1 pairs' "$TEST_TMPDIR/check" || fail "not a file that xconnect takes"
