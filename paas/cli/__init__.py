"""The `dougong` command: speaks to the control plane by HTTP and to an administrator's cluster by their own kubectl.

    main → commands → client → http        one call of the API is one method of `client`
                    → join → kubectl       what only the administrator may do stays on their machine

Imports no django, not even indirectly.
"""
