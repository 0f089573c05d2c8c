"""Simplicial and cell complexes of contacts, groups and graphs, and the sparse operators on them.

======================  =======================================================================
module                  what it holds
======================  =======================================================================
``params``              ``SimplicialParams``: method, window, counts, dimension, limits
``simplicial_complex``  ``SimplicialComplex``: simplices with weights and times
``build``               from contacts, groups or a graph to a complex, by method
``temporal``            cliques of the contacts in each time window
``group_faces``         faces of groups
``flag``                cliques of a static graph, or of pairs that meet often
``groups``              groups of any size: incidence, maximal simplices, propagation
``operators``           Hodge Laplacians, incidences, adjacencies, normalisation
``triangles``           triangles of each edge without listing them: A o A^2; open edges
``statistics``          features of nodes
``periods``             adjacencies in which every period has the same say
``diffusion``           random walks with restart, in closed form
``closure``             triangles of edges that no simplex fills, and which of them are filled later
``closure_scores``      what is known of such a triangle
``cells``               ``CellComplex``: a graph with its rings filled
``batch``               many complexes side by side
``boundary``            faces and boundary matrices
``cliques``             cliques by size, counted before they are listed
``maximal_cliques``     maximal cliques
``windows``             time windows and their contact graphs
``tally``               simplices merged as they come, under a limit
``limits``              the refusal of too many simplices
``checks``              what contacts, groups and graphs must be
``rows``                tables in lexicographic order
======================  =======================================================================
"""

from topology_efficient_dl.complexes.build import (
    complex_of_contacts,
    complex_of_graph,
    complex_of_groups,
    groups_of_contacts,
)
from topology_efficient_dl.complexes.simplicial_complex import SimplicialComplex
from topology_efficient_dl.params.complexes import SimplicialParams

__all__ = [
    "SimplicialComplex",
    "SimplicialParams",
    "complex_of_contacts",
    "complex_of_graph",
    "complex_of_groups",
    "groups_of_contacts",
]
