"""A stateful Stripe for demos and tests, in its own process, speaking HTTP to the official SDK.

`python -m engage_stripe.sandbox --port 12111` serves Stripe's API at `/v1/`, its admin API at `/_sandbox/`.
It imports none of the apps and not Django. One event loop, state in memory, handlers that run to their end:
there are no locks.

How to add an endpoint
----------------------
One file in `resources/` per resource. It holds plain functions `handler(call: Call) -> Obj`, a `ROUTES`
tuple and a `SHAPES` dict; `registry.py` lists both. After adding a route run
`python -m tests.contract.generate_sandbox_spec`, which writes the route's parameter types from the SDK.

`Route(method, path, handler, permission, accepts=, refuses=)`: `permission` without `rak_` (`customer_write`),
None when any key will do. A parameter that Stripe knows but `accepts` does not name is refused, and so is a
nested one that `refuses` names: nothing is ever ignored in silence.

In a handler
------------
- `call.params`: validated and typed. Absent means untouched; **None means unset** (the client sent ""), also
  inside hashes and for metadata keys. `call.path["customer"]`: ids of the URL.
- `call.account.add(obj)`, `.get(type, id)`, `.find(type, id, param=, status=)` (raises `resource_missing`:
  404 for the URL's id, pass `status=400` and `param` for one in a parameter), `.remove(obj)`,
  `.collection(type)` (`.of_customer(id)` is indexed), `.ids.new("sub")`, `.now(customer_id)` (test clock).
- Return the **stored** object (or `list_of(call, type, where=…, customer=…)`): the pipeline renders, expands
  and encodes it. Refuse with `raise invalid(...)`, `missing(...)` or `StripeError(...)`, before changing
  anything: only what `account.changing` holds is put back when an error is raised.
- Stored objects are plain dicts in the pinned API shape, references as ids. What the API hides unless
  expanded lives in the stored object and is dropped by its `Shape.render`, or is computed by
  `Shape.includable`. A subscription's item holds its price id; `render` puts the price in.
- Lasting state lives in account objects only (internal types start with "_"): snapshots keep nothing else.

Events
------
`account.emit("customer.created", obj)` records an event, whose `data.object` is a frozen copy of the rendered
object, and calls `world.listeners`. `with account.changing(obj, "customer.updated"):` computes
`previous_attributes` and emits only when something changed.
"""
