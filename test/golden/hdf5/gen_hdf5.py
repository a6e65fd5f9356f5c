#!/usr/bin/env python3
"""HDF5 files in every form that h5py writes, and what is in them.

Usage: python gen_hdf5.py OUTDIR      (h5py 3.16 on HDF5 2.0, numpy)
"""
import json, os, sys
import h5py
import numpy as np

out = sys.argv[1]
rng = np.random.default_rng(1)
arrays = {
    "f4": rng.standard_normal((3, 2)).astype(np.float32),
    "f2": rng.standard_normal(2).astype(np.float16),
    "f8": rng.standard_normal((2, 1, 2)),
    "big-endian": np.arange(3, dtype=">i4") - 1,
    "big-endian-f4": rng.standard_normal(4).astype(">f4"),
    "u1": np.arange(3, dtype=np.uint8),
    "scalar": np.int64(-7),
    "empty": np.zeros((0, 3), dtype=np.float32),
}

def fill(f, many):
    f.attrs["title"] = "a text of any length, with an é"
    f.attrs["fixed"] = np.bytes_("fixed")
    f.attrs["names"] = np.array([b"dense", b"dense_1"])
    f.attrs["list"] = ["x", "yy", ""]
    f.attrs["count"] = 3
    f.attrs["flag"] = True
    for name, data in arrays.items(): f.create_dataset(f"layers/dense/{name}", data=data)
    m = f.create_group("many")
    for i in range(many): m.create_dataset(f"a_layer_with_a_long_name_{i}", data=np.float32(i))

# the names of twelve links are in a heap where links have no table; sixty take several blocks of one, and a tree of two levels
for name, many, versions in [("old", 12, ("earliest", "v108")), ("new", 12, ("v108", "v108")), ("compact", 3, ("v114", "v114")), ("heap", 60, ("latest", "latest"))]:
    with h5py.File(f"{out}/{name}.h5", "w", libver=versions) as f: fill(f, many)
with h5py.File(f"{out}/chunks.h5", "w") as f: f.create_dataset("x", data=np.zeros((100, 10)), compression="gzip")
with h5py.File(f"{out}/link.h5", "w") as f: f["y"] = h5py.SoftLink("/x")
with h5py.File(f"{out}/external.h5", "w", libver="latest") as f: f["y"] = h5py.ExternalLink("other.h5", "/x")
with h5py.File(f"{out}/complex.h5", "w") as f: f.create_dataset("x", data=np.zeros(3, dtype=np.complex64))
with h5py.File(f"{out}/attributes.h5", "w", libver="latest") as f:
    for i in range(9): f.attrs[f"a{i}"] = i
with h5py.File(f"{out}/circle.h5", "w") as f: f["a/b/c"] = f.create_group("a")
expected = {name: {"shape": list(data.shape), "data": [float(v) for v in np.ravel(data)]} for name, data in arrays.items()}
json.dump(expected, open(f"{out}/expected.json", "w"), indent=1)
print(sum(os.path.getsize(f"{out}/{f}") for f in os.listdir(out)) // 1024, "KiB")
