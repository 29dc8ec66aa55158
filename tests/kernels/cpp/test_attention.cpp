// The attention kernels against the definition in double precision.
#include "../../../neurona/kernels/cpp/attention.h"

#include "pool.h"

using namespace neurona;

static void check(Pool& pool, long B, long T, long S, long N, long H, long V) {
  const bool everywhere = true;
  Attention a{B, T, S, N, H, V, 0.3f, &everywhere, {0, 0, 0, 0}};
  Floats q = random_floats(B * T * N * H, 1), k = random_floats(B * S * N * H, 2), v = random_floats(B * S * N * V, 3);
  Floats g = random_floats(B * T * N * V, 4);
  std::vector<double> y(g.size()), dq(q.size()), dk(k.size()), dv(v.size()), weights(S), d(S);
  for (long b = 0; b < B; b++)
    for (long n = 0; n < N; n++)
      for (long t = 0; t < T; t++) {
        double total = 0, mean = 0;
        long query = ((b * T + t) * N + n) * H, out = ((b * T + t) * N + n) * V;
        auto key = [&](long s) { return ((b * S + s) * N + n) * H; };
        auto value = [&](long s) { return ((b * S + s) * N + n) * V; };
        for (long s = 0; s < S; s++) {
          double score = 0;
          for (long h = 0; h < H; h++) score += static_cast<double>(q[query + h]) * k[key(s) + h];
          total += weights[s] = std::exp(0.3 * score);
        }
        for (long s = 0; s < S; s++) {
          weights[s] /= total;
          d[s] = 0;
          for (long i = 0; i < V; i++) {
            y[out + i] += weights[s] * v[value(s) + i];
            dv[value(s) + i] += weights[s] * g[out + i];
            d[s] += static_cast<double>(g[out + i]) * v[value(s) + i];
          }
          mean += weights[s] * d[s];
        }
        for (long s = 0; s < S; s++)
          for (long h = 0; h < H; h++) {
            dq[query + h] += 0.3 * weights[s] * (d[s] - mean) * k[key(s) + h];
            dk[key(s) + h] += 0.3 * weights[s] * (d[s] - mean) * q[query + h];
          }
      }
  Floats y1(y.size()), dq1(dq.size()), dk1(dk.size()), dv1(dv.size()), again(dk.size());
  attention(pool, a, q.data(), k.data(), v.data(), y1.data());
  attention_gradients(pool, a, q.data(), k.data(), v.data(), g.data(), dq1.data(), dk1.data(), dv1.data());
  expect_close("y", y1, y, 1e-5);
  expect_close("dq", dq1, dq, 1e-5);
  expect_close("dk", dk1, dk, 1e-5);
  expect_close("dv", dv1, dv, 1e-5);
  attention_gradients(pool, a, q.data(), k.data(), v.data(), g.data(), dq1.data(), again.data(), dv1.data());
  expect_same_bits("dk", dk1, again);
}

int main() {
  Pool pool(3);
  check(pool, 1, 1, 1, 1, 1, 1);
  check(pool, 3, 5, 7, 2, 4, 6);
  check(pool, 2, 65, 33, 3, 17, 16);
  check(pool, 4, 130, 80, 2, 16, 24);
}
