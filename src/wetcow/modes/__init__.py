"""Single wave modes: parameters, Hamiltonian, criticality and rates [6, 9-18]."""
