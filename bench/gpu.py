"""The work of gpu.ts in PyTorch, for the same card: python3 bench/gpu.py [NAME...]

f32 without tensor cores (TF32 off), and the card's own ceilings: a copy, and a matrix product of 8192.
"""
import statistics
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F

torch.backends.cuda.matmul.allow_tf32 = False
torch.backends.cudnn.allow_tf32 = False
torch.backends.cudnn.benchmark = True
DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
ROUNDS, ROUND_S = 5, 0.4


def wait():
    if DEVICE == "cuda":
        torch.cuda.synchronize()


def block(inp, out, size=3, stride=1):
    return nn.Sequential(nn.Conv2d(inp, out, size, stride, (size - 1) // 2), nn.ReLU(inplace=False))


class Hourglass(nn.Module):
    def __init__(self, depth, channels, increase, inner):
        super().__init__()
        wide = channels + increase
        self.up1, self.low1 = block(channels, channels), block(channels, wide)
        self.low2 = Hourglass(depth - 1, wide, inner, inner) if depth > 1 else block(wide, wide)
        self.low3 = block(wide, channels)

    def forward(self, x):
        low = self.low3(self.low2(self.low1(F.max_pool2d(x, 2))))
        return self.up1(x) + F.interpolate(low, scale_factor=2)


class PoseNet(nn.Module):
    def __init__(self, stacks, c, increase, outputs):
        super().__init__()
        self.pre = nn.Sequential(block(3, 64, 7, 2), block(64, 128), nn.MaxPool2d(2), block(128, 128), block(128, c))
        self.features = nn.ModuleList(
            nn.Sequential(Hourglass(4, c, increase, increase), block(c, c), block(c, c)) for _ in range(stacks)
        )
        self.outs = nn.ModuleList(nn.Conv2d(c, outputs, 1) for _ in range(stacks))
        self.merge_features = nn.ModuleList(nn.Conv2d(c, c, 1) for _ in range(stacks - 1))
        self.merge_preds = nn.ModuleList(nn.Conv2d(outputs, c, 1) for _ in range(stacks - 1))

    def forward(self, x):
        x, outs = self.pre(x), []
        for i, features in enumerate(self.features):
            found = features(x)
            outs.append(self.outs[i](found))
            if i + 1 < len(self.features):
                x = x + self.merge_preds[i](outs[-1]) + self.merge_features[i](found)
        return outs


NETS = {"authors": ((4, 256, 128, 68), 512, 222e9), "medium-256": ((2, 64, 64, 34), 256, 4.48e9)}


def matmul(size, dtype):
    a, b = (torch.randn(size, size, device=DEVICE, dtype=dtype) for _ in range(2))
    return 2 * size**3, lambda: a @ b


def conv(backward, dtype):
    n, c, s = 8, 256, 128
    x = torch.randn(n, c, s, s, device=DEVICE, dtype=dtype)
    w = torch.randn(c, c, 3, 3, device=DEVICE, dtype=dtype)
    flops = 2 * n * c * c * 9 * s * s
    if not backward:
        return flops, lambda: F.conv2d(x, w, padding=1)
    g = torch.randn(n, c, s, s, device=DEVICE, dtype=dtype)
    return 2 * flops, lambda: torch.ops.aten.convolution_backward(
        g, x, w, None, [1, 1], [1, 1], [1, 1], False, [0, 0], 1, [True, True, False]
    )


def network(name, training, batch, dtype):
    settings, size, macs = NETS[name]
    model = PoseNet(*settings).to(DEVICE, dtype)
    images = torch.randn(batch, 3, size, size, device=DEVICE, dtype=dtype)
    if not training:
        @torch.no_grad()
        def infer():
            return model(images)[-1]
        return 2 * macs * batch, infer
    optimiser = torch.optim.Adam(model.parameters(), 1e-5, eps=1e-4)

    def step():
        optimiser.zero_grad(set_to_none=True)
        loss = sum((out[:, :17] ** 2).mean() + (out[:, 17:34].mean((2, 3)) ** 2).mean() for out in model(images))
        loss.backward()
        optimiser.step()
        return loss
    return 6 * macs * batch, step


def works(dtype):
    yield "matmul 1024", lambda: matmul(1024, dtype)
    yield "matmul 4096", lambda: matmul(4096, dtype)
    yield "conv2d 3x3 256 to 256, batch 8, 128x128, forward", lambda: conv(False, dtype)
    yield "conv2d 3x3 256 to 256, batch 8, 128x128, backward", lambda: conv(True, dtype)
    for name, batches in (("medium-256", (8,)), ("authors", (1, 8))):
        for batch in batches:
            for training in (False, True):
                kind = "training step" if training else "inference"
                yield f"{name} {NETS[name][1]}x{NETS[name][1]}, batch {batch}, {kind}", (
                    lambda n=name, t=training, b=batch: network(n, t, b, dtype)
                )


def measure(name, make, label):
    if DEVICE == "cuda":
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()
    try:
        flops, once = make()
        for _ in range(3):
            once()
        wait()
        start = time.perf_counter()
        once()
        wait()
        calls = max(1, min(50, round(ROUND_S / (time.perf_counter() - start))))
        times = []
        for _ in range(ROUNDS):
            start = time.perf_counter()
            for _ in range(calls):
                once()
            wait()
            times.append((time.perf_counter() - start) / calls)
        ms = statistics.median(times) * 1e3
        peak = torch.cuda.max_memory_allocated() / 2**20 if DEVICE == "cuda" else 0
        print(f"{label} {name:58} {ms:10.3f} ms  {flops / ms / 1e9:8.2f} TFLOP/s  {peak:.0f} MiB peak", flush=True)
    except RuntimeError as error:
        print(f"{label} {name:58} failed: {error}", flush=True)


print(torch.__version__, torch.cuda.get_device_name() if DEVICE == "cuda" else "cpu")
wanted = sys.argv[1:]
if DEVICE == "cuda":
    big = torch.empty(2**30, dtype=torch.uint8, device=DEVICE)
    other = torch.empty_like(big)
    measure("copy of 1 GiB (counting reads and writes, TB/s)", lambda: (2 * 2**30, lambda: other.copy_(big)), "u8 ")
    del big, other
for dtype, label in ((torch.float32, "f32"), (torch.float16, "f16")):
    for name, make in works(dtype):
        if not wanted or any(part in name for part in wanted):
            measure(name, make, label)
