def test_probe(smoke):
    import time
    for n in ("track_a", "evaluate", "train"):
        t = time.time(); r = smoke.run("--pipelines", n, env="smoke"); print(n, time.time() - t, r.cells)
    print(r.output[-1500:])
