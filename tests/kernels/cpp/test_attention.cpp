// The attention kernels against the definition, with and without masks.
#include "../../../neurona/kernels/cpp/attention.h"
#include "pool.h"

using namespace neurona;

static void check_masked(Pool& pool, const Attention& a) {
  const long B = a.batch, T = a.queries, S = a.keys, N = a.heads, H = a.size, V = a.value_size;
  const Floats q = random_floats(B * T * N * H, 1), k = random_floats(B * S * N * H, 2);
  const Floats v = random_floats(B * S * N * V, 3), g = random_floats(B * T * N * V, 4);
  Doubles y(g.size()), dq(q.size()), dk(k.size()), dv(v.size());
  plain::attention(a, q.data(), k.data(), v.data(), y.data());
  plain::attention_gradients(a, q.data(), k.data(), v.data(), g.data(), dq.data(), dk.data(), dv.data());
  Floats y1(y.size()), dq1(dq.size()), dk1(dk.size()), dv1(dv.size()), again(dk.size());
  attention(pool, a, q.data(), k.data(), v.data(), y1.data());
  AttentionGradients gradients{q.data(), k.data(), v.data(), g.data(), dq1.data(), dk1.data(), dv1.data()};
  attention_gradients(pool, a, gradients);
  expect_close("y", y1, y, 1e-5);
  expect_close("dq", dq1, dq, 1e-5);
  expect_close("dk", dk1, dk, 1e-5);
  expect_close("dv", dv1, dv, 1e-5);
  gradients.dk = again.data();
  attention_gradients(pool, a, gradients);
  expect_same_bits("dk", dk1, again);
}

static void check(Pool& pool, long B, long T, long S, long N, long H, long V) {
  const bool everywhere = true;
  const Dropout none(0, 0, 1), some_dropped(17, 4, 0.7f);
  check_masked(pool, {B, T, S, N, H, V, 0.3f, &everywhere, {0, 0, 0, 0}, false, none});
  check_masked(pool, {B, T, S, N, H, V, 0.3f, &everywhere, {0, 0, 0, 0}, true, some_dropped});
  std::vector<char> some(T * S);
  for (long i = 0; i < T * S; i++) some[i] = i % 3 != 0 && i / S != 2;  // the third query may see no key
  const bool* allowed = reinterpret_cast<const bool*>(some.data());
  check_masked(pool, {B, T, S, N, H, V, 0.3f, allowed, {0, 0, S, 1}, false, none});
  check_masked(pool, {B, T, S, N, H, V, 0.3f, allowed, {0, 0, S, 1}, true, some_dropped});
  for (long i = 0; i < T * S; i++) some[i] = i % S <= i / S;  // none sees a later one
  check_masked(pool, {B, T, S, N, H, V, 0.3f, allowed, {0, 0, S, 1}, false, some_dropped});
}

int main() {
  Pool pool(3);
  check(pool, 1, 1, 1, 1, 1, 1);
  check(pool, 3, 5, 7, 2, 4, 6);
  check(pool, 2, 65, 33, 3, 17, 16);
  check(pool, 4, 130, 80, 2, 16, 24);
}
