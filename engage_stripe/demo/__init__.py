"""``make demo``: the whole product on one machine, doing its main job where you can watch it."""
