"""The course's drawings as DOT: sequences, the ecosystem, a topology. They look at a cloud; none looks at them.

Needs the extra `docs`, which brings the package graphviz: no command draws.
"""
